/**
 * What a state machine and a service see of a replicated log. It knows no engine and no database.
 */
@NullMarked
package toystore.db.log;

import org.jspecify.annotations.NullMarked;
