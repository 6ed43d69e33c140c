/** A replicated log as state machines and services see it. Depends on no engine and no database. */
@NullMarked
package toystore.db.log;

import org.jspecify.annotations.NullMarked;
