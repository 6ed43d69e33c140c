/** The files that toyctl keeps in a data directory: run files, logs and the cluster file. */
@NullMarked
package toystore.toyctl.cluster.datadir;

import org.jspecify.annotations.NullMarked;
