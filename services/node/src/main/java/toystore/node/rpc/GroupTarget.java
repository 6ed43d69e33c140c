package toystore.node.rpc;

/** One node of a group to which a {@link LeaderClient} may send a call. Compared by identity. */
final class GroupTarget {
  private final String name;
  private final String url;

  GroupTarget(String name, String url) {
    this.name = name;
    this.url = url;
  }

  String name() {
    return name;
  }

  String url() {
    return url;
  }
}
