package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static toystore.db.raft.TestGroup.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.db.log.Member;

@Timeout(60)
class LeaderFailureDetectorTest {
  private final List<Member> reported = new CopyOnWriteArrayList<>();

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
  }

  private static Member at(ServerSocket listener, int id) {
    return new Member("member-" + id, id, "127.0.0.1", listener.getLocalPort());
  }

  @Test
  @DisplayName("The end of a process is reported once")
  void endedProcessIsReportedOnce() throws IOException {
    ServerSocket listener = listen();
    Member leader = at(listener, 3);
    try (LeaderFailureDetector detector = new LeaderFailureDetector(reported::add)) {
      detector.watch(leader);
      Socket connection = listener.accept();
      listener.close();
      connection.close();
      await().until(() -> !reported.isEmpty());
      // Connections are refused until the process restarts. Then it ends again.
      try (ServerSocket again =
          new ServerSocket(leader.port(), 5, InetAddress.getLoopbackAddress())) {
        again.accept().close();
        again.accept().close();
      }
      await().until(() -> reported.size() == 2);
    }
    assertThat(reported).containsExactly(leader, leader);
  }

  @Test
  @DisplayName("A lost connection alone does not count as a lost leader")
  void lostConnectionIsNotALostLeader() throws IOException {
    try (ServerSocket listener = listen();
        LeaderFailureDetector detector = new LeaderFailureDetector(reported::add)) {
      detector.watch(at(listener, 3));
      for (int i = 0; i < 5; i++) {
        listener.accept().close();
      }
      listener.accept().close();
    }
    assertThat(reported).isEmpty();
  }

  @Test
  @DisplayName("A member that is no longer the leader is not watched")
  void formerLeaderIsNoLongerWatched() throws IOException {
    ServerSocket first = listen();
    try (ServerSocket second = listen();
        LeaderFailureDetector detector = new LeaderFailureDetector(reported::add)) {
      detector.watch(at(first, 3));
      Socket connection = first.accept();
      detector.watch(at(second, 2));
      second.accept().close();
      assertThat(connection.getInputStream().read()).isEqualTo(-1);
      first.close();
      // In this time a detector that still watched the first member would have tried to connect.
      for (int i = 0; i < 6; i++) {
        second.accept().close();
      }
      assertThat(reported).isEmpty();
    }
  }

  @Test
  @DisplayName("A process that never accepted a connection is not reported as ended")
  void processThatNeverRanIsNotReported() throws IOException {
    ServerSocket listener = listen();
    Member leader = at(listener, 3);
    listener.close();
    try (LeaderFailureDetector detector = new LeaderFailureDetector(reported::add)) {
      detector.watch(leader);
      await().until(() -> detector.connectAttempts() >= 2);
      // Once the process starts, the detector connects to it.
      try (ServerSocket late =
          new ServerSocket(leader.port(), 5, InetAddress.getLoopbackAddress())) {
        late.accept();
        assertThat(reported).isEmpty();
      }
    }
  }
}
