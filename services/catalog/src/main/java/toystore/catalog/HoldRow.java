package toystore.catalog;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.Hold;

/**
 * A hold that is neither settled nor released.
 *
 * @param version the version of the product that the hold created
 * @param heldAtMs the log's time when the hold was made, in milliseconds since 1970
 * @param orderId the order that the hold was made for; null for holds of older versions
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
record HoldRow(
    UUID holdId,
    String name,
    int quantity,
    long unitPriceCents,
    long version,
    long heldAtMs,
    @Nullable UUID orderId) {

  Hold.InDoubt inDoubt() {
    return new Hold.InDoubt(holdId, orderId);
  }
}
