/** Starts, stops and supervises the processes of a store on this host. */
@NullMarked
package toystore.toyctl.cluster.process;

import org.jspecify.annotations.NullMarked;
