/** The processes of a store on this host: start, stop, supervision, data directories. */
@NullMarked
package toystore.toyctl.cluster.process;

import org.jspecify.annotations.NullMarked;
