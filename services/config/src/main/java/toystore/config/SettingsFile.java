package toystore.config;

import java.util.List;

/** The keys of {@code toystore.yaml}, one component for each. */
record SettingsFile(
    String cluster,
    int portBase,
    List<Topology.Node> nodes,
    int frontends,
    HttpSettings http,
    BatchSettings batch,
    CacheSettings cache,
    CatalogSettings catalog,
    StorageSettings storage,
    RaftSettings raft,
    JvmSettings jvm) {
  StoreConfig config() {
    Topology topology =
        new Topology(portBase, Topology.complete(nodes, catalog.replicas(), frontends));
    return new StoreConfig(
        cluster, topology, frontends, http, batch, cache, catalog, storage, raft, jvm);
  }
}
