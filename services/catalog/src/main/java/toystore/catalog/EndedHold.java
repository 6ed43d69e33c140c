package toystore.catalog;

import com.fasterxml.jackson.annotation.JsonFormat;
import java.util.UUID;

/**
 * A hold that was settled or released.
 *
 * @param settled whether an order names it; otherwise it was released
 * @param logIndex index of the entry that ended it
 */
@JsonFormat(shape = JsonFormat.Shape.ARRAY)
record EndedHold(UUID holdId, boolean settled, long logIndex) {}
