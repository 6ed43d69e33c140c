package toystore.db.raft.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The messages in transit between simulated members. A message is the action to run when it
 * arrives.
 */
final class SimulatedNetwork {
  private static final int CAPACITY = 40;

  private record Message(
      SimulatedMember to, int incarnation, boolean anyIncarnation, Runnable arrival) {}

  private final Random random;
  private final List<Message> messages = new ArrayList<>();

  SimulatedNetwork(Random random) {
    this.random = random;
  }

  boolean isEmpty() {
    return messages.isEmpty();
  }

  /** Sends a request, which is delivered even if the receiver crashes and restarts before. */
  void sendRequest(SimulatedMember to, Runnable arrival) {
    messages.add(new Message(to, to.incarnation(), true, arrival));
  }

  /** Sends a response. It is lost if the process that sent the request has crashed since. */
  void sendResponse(SimulatedMember to, int incarnation, Runnable arrival) {
    messages.add(new Message(to, incarnation, false, arrival));
  }

  /**
   * Delivers a message, usually the oldest one. Sometimes keeps the message, so that it arrives
   * again.
   */
  void deliverAny() {
    int index = random.nextInt(5) == 0 ? random.nextInt(messages.size()) : 0;
    deliver(index, random.nextInt(20) == 0);
  }

  void deliverOldest() {
    deliver(0, false);
  }

  private void deliver(int index, boolean again) {
    Message message = messages.get(index);
    if (!again) {
      messages.remove(index);
    }
    if (message.anyIncarnation() || message.to().incarnation() == message.incarnation()) {
      message.arrival().run();
    }
  }

  void loseAny() {
    messages.remove(random.nextInt(messages.size()));
  }

  void loseOneIfFull() {
    if (messages.size() > CAPACITY) {
      loseAny();
    }
  }
}
