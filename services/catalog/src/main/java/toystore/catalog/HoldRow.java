package toystore.catalog;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.UUID;

/**
 * A hold that is neither settled nor released.
 *
 * @param version the product's version that it made
 * @param heldAtMs the log's time of its command
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
record HoldRow(
    UUID holdId, String name, int quantity, long unitPriceCents, long version, long heldAtMs) {}
