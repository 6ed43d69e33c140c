package toystore.toyctl.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import toystore.config.Role;
import toystore.config.StoreConfig;
import toystore.protocol.codec.Json;
import toystore.toyctl.cluster.ToyctlException;
import toystore.toyctl.cluster.datadir.RunFiles;
import toystore.toyctl.cluster.process.Distribution;
import toystore.toyctl.cluster.process.NodePorts;

/** Runs commands in the JVM of the test, with their own data directory and port base. */
final class CliHarness {
  final Path data;
  final int portBase;

  CliHarness(Path data, int portBase) {
    this.data = data;
    this.portBase = portBase;
  }

  static CliHarness onFreePorts(Path directory) {
    return new CliHarness(directory.resolve("data"), freePortBase());
  }

  /** The result of a command. */
  record Result(int exitCode, String out, String err) {
    JsonNode json() {
      try {
        return Json.mapper().readTree(out);
      } catch (IOException e) {
        throw new UncheckedIOException("stdout is not JSON: " + out, e);
      }
    }
  }

  /** Runs a command on this store. */
  Result run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--data", data.toString(), "--port-base", Integer.toString(portBase)));
    return plain(all.toArray(String[]::new));
  }

  /** Runs a command with these arguments only. */
  static Result plain(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        ToyctlMain.run(
            new PrintWriter(out, true), new PrintWriter(err, true), CliHarness::fakeNodes, args);
    return new Result(exitCode, out.toString(), err.toString());
  }

  /** A distribution in which every node is a {@link FakeNode}. */
  static Distribution fakeNodes() {
    String main = FakeNode.class.getName();
    return new Distribution(
        Path.of("no-such-home"),
        System.getProperty("java.class.path"),
        Map.of(Role.CATALOG, main, Role.ORDER, main, Role.FRONTEND, main));
  }

  StoreConfig config() {
    return StoreConfig.load(null).withPortBase(portBase);
  }

  RunFiles runs() {
    return new RunFiles(data);
  }

  /** A port base whose ports are free. */
  static int freePortBase() {
    Random random = new Random();
    for (int attempt = 0; attempt < 100; attempt++) {
      // These ports are below the range that Linux uses for outgoing connections.
      CliHarness candidate = new CliHarness(Path.of("unused"), 15_000 + random.nextInt(170) * 100);
      StoreConfig config = candidate.config().withCatalogReplicas(3).withFrontends(3);
      try {
        NodePorts.requireFree(config, config.nodes());
        return candidate.portBase;
      } catch (ToyctlException _) {
        // A port is in use, so the next candidate is tried.
      }
    }
    throw new IllegalStateException("no free ports");
  }
}
