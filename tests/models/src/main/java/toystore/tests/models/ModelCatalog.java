package toystore.tests.models;

import java.util.Arrays;

/**
 * The rules of the catalog for holds, reduced to one product and to holds of one piece. The tests
 * of the order module explore the purchase protocol with this model. The tests of the catalog
 * module compare the production rules with it.
 */
public final class ModelCatalog {
  /** The answer to the request for a hold. */
  public enum Answer {
    GRANTED(0),
    NOT_ENOUGH(1),
    OVER(2);

    private final int code;

    Answer(int code) {
      this.code = code;
    }

    /** The number of this constant in packed states. */
    public int code() {
      return code;
    }
  }

  /** The status of a hold. */
  public enum Status {
    NEVER_MADE(0),
    OPEN(1),
    SETTLED(2),
    RELEASED(3);

    private final int code;

    Status(int code) {
      this.code = code;
    }

    /** The number of this constant in packed states. */
    public int code() {
      return code;
    }
  }

  private final int stocked;
  private int onHand;
  private int held;
  private int sold;
  private final Status[] holds;

  public ModelCatalog(int stocked, int holds) {
    this.stocked = stocked;
    this.onHand = stocked;
    this.holds = new Status[holds];
    Arrays.fill(this.holds, Status.NEVER_MADE);
  }

  private ModelCatalog(ModelCatalog other) {
    this.stocked = other.stocked;
    this.onHand = other.onHand;
    this.held = other.held;
    this.sold = other.sold;
    this.holds = other.holds.clone();
  }

  public int stocked() {
    return stocked;
  }

  public int onHand() {
    return onHand;
  }

  public int held() {
    return held;
  }

  public int sold() {
    return sold;
  }

  public ModelCatalog copy() {
    return new ModelCatalog(this);
  }

  public Status status(int hold) {
    return holds[hold];
  }

  public Answer hold(int hold) {
    return switch (holds[hold]) {
      case OPEN -> Answer.GRANTED;
      case SETTLED, RELEASED -> Answer.OVER;
      case NEVER_MADE -> {
        if (onHand == 0) {
          yield Answer.NOT_ENOUGH;
        }
        onHand--;
        held++;
        holds[hold] = Status.OPEN;
        yield Answer.GRANTED;
      }
    };
  }

  public void settle(int hold) {
    if (holds[hold] == Status.OPEN) {
      held--;
      sold++;
      holds[hold] = Status.SETTLED;
    }
  }

  public void release(int hold) {
    if (holds[hold] == Status.OPEN) {
      held--;
      onHand++;
      holds[hold] = Status.RELEASED;
    }
  }

  /** Plants a fault that the search must find: the catalog loses the record that a hold ended. */
  public void forget(int hold) {
    if (holds[hold] == Status.SETTLED || holds[hold] == Status.RELEASED) {
      holds[hold] = Status.NEVER_MADE;
    }
  }
}
