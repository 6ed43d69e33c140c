package toystore.catalog;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import toystore.protocol.message.Hold;

/**
 * A hold that is neither settled nor released.
 *
 * @param version the product's version that it made
 * @param heldAtMs the log's time of its command
 * @param orderId the order that it was made for; null for holds of older versions
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

  Hold.Doubt doubt() {
    return new Hold.Doubt(holdId, orderId);
  }
}
