package toystore.db.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Records the failures that a database reports as fatal. A node would halt instead. */
final class FatalErrorRecorder implements Consumer<Throwable> {
  private final List<Throwable> causes = new CopyOnWriteArrayList<>();

  @Override
  public void accept(Throwable cause) {
    causes.add(cause);
  }

  List<Throwable> causes() {
    return causes;
  }

  void assertNone() {
    assertThat(causes).as("failures reported as fatal").isEmpty();
  }
}
