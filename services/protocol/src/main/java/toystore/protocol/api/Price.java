package toystore.protocol.api;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.math.RoundingMode;

/** An amount of money in cents. JSON and text show it as a decimal number with two places. */
public record Price(long cents) {
  /** The largest price, in cents: ten million. Times the largest quantity, it fits a long. */
  public static final long MAX_CENTS = 1_000_000_000L;

  public Price {
    if (cents < 0 || cents > MAX_CENTS) {
      throw new IllegalArgumentException("price must be from 0 to " + MAX_CENTS / 100);
    }
  }

  /**
   * Converts a decimal such as 15.99. More than two decimal places are an error; nothing rounds.
   */
  @JsonCreator
  public static Price of(BigDecimal amount) {
    // Check before any arithmetic, because setScale would expand 1e999999999 digit by digit.
    if (Math.abs((long) amount.precision() - amount.scale()) > 12 || amount.precision() > 20) {
      throw new IllegalArgumentException("price must be from 0 to " + MAX_CENTS / 100);
    }
    try {
      return new Price(
          amount.setScale(2, RoundingMode.UNNECESSARY).movePointRight(2).longValueExact());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("price must have at most two places: " + amount, e);
    }
  }

  @JsonValue
  public BigDecimal amount() {
    return BigDecimal.valueOf(cents, 2);
  }

  @Override
  public String toString() {
    return amount().toPlainString();
  }
}
