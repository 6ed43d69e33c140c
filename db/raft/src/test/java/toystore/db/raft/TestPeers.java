package toystore.db.raft;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import toystore.db.log.LogStatus;
import toystore.db.log.MemberRejoin;

/** The running members of a {@link TestGroup}, as a stopped member reaches them to rejoin. */
final class TestPeers implements MemberRejoin.Peers {
  private final TestGroup group;

  TestPeers(TestGroup group) {
    this.group = group;
  }

  @Override
  public MemberRejoin.NoOpEntry commitNoOp() throws IOException {
    TestGroup.Running leader = group.currentLeader();
    if (leader == null) {
      throw new IOException("there is no leader");
    }
    try {
      long index = leader.log().commitNoOp().get(5, TimeUnit.SECONDS).index();
      return new MemberRejoin.NoOpEntry(group.name(leader.id()), index);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("not committed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public MemberRejoin.PeerStatus status(String member) throws IOException {
    LogStatus status = group.running(member).log().status();
    return new MemberRejoin.PeerStatus(status.term(), status.appliedIndex());
  }
}
