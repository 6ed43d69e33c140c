/** A replicated log over Apache Ratis, of which nothing outside this package knows. */
@NullMarked
package toystore.db.replication;

import org.jspecify.annotations.NullMarked;
