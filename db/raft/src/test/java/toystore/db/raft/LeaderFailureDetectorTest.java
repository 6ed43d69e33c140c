package toystore.db.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static toystore.db.raft.TestGroup.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import toystore.db.log.Member;

@Timeout(60)
class LeaderFailureDetectorTest {
  private final List<Member> gone = new CopyOnWriteArrayList<>();

  private static ServerSocket door() throws IOException {
    return new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
  }

  private static Member at(ServerSocket door, int id) {
    return new Member("member-" + id, id, "127.0.0.1", door.getLocalPort());
  }

  @Test
  void aProcessThatEndsIsToldOnce() throws IOException {
    ServerSocket door = door();
    Member leader = at(door, 3);
    try (LeaderFailureDetector watch = new LeaderFailureDetector(gone::add)) {
      watch.watch(leader);
      Socket connection = door.accept();
      door.close();
      connection.close();
      await().until(() -> !gone.isEmpty());
      // Refused again and again; it comes back and goes once more.
      try (ServerSocket again =
          new ServerSocket(leader.port(), 5, InetAddress.getLoopbackAddress())) {
        again.accept().close();
        again.accept().close();
      }
      await().until(() -> gone.size() == 2);
    }
    assertThat(gone).containsExactly(leader, leader);
  }

  @Test
  void aLostConnectionIsNoLostLeader() throws IOException {
    try (ServerSocket door = door();
        LeaderFailureDetector watch = new LeaderFailureDetector(gone::add)) {
      watch.watch(at(door, 3));
      for (int i = 0; i < 5; i++) {
        door.accept().close();
      }
      door.accept().close();
    }
    assertThat(gone).isEmpty();
  }

  @Test
  void whoIsWatchedNoMoreIsForgotten() throws IOException {
    ServerSocket first = door();
    try (ServerSocket second = door();
        LeaderFailureDetector watch = new LeaderFailureDetector(gone::add)) {
      watch.watch(at(first, 3));
      Socket connection = first.accept();
      watch.watch(at(second, 2));
      second.accept().close();
      assertThat(connection.getInputStream().read()).isEqualTo(-1);
      first.close();
      // Meanwhile whoever still watched the first one would have tried it, too.
      for (int i = 0; i < 6; i++) {
        second.accept().close();
      }
      assertThat(gone).isEmpty();
    }
  }

  @Test
  void whoWasNeverThereIsNotGone() throws IOException {
    ServerSocket door = door();
    Member leader = at(door, 3);
    door.close();
    try (LeaderFailureDetector watch = new LeaderFailureDetector(gone::add)) {
      watch.watch(leader);
      await().until(() -> watch.attempts() >= 2);
      // It is found when it comes.
      try (ServerSocket late =
          new ServerSocket(leader.port(), 5, InetAddress.getLoopbackAddress())) {
        late.accept();
        assertThat(gone).isEmpty();
      }
    }
  }
}
