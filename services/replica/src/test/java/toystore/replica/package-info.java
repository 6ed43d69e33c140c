/** Tests of this module; other nodes are stood in for by fakes. */
@NullMarked
package toystore.replica;

import org.jspecify.annotations.NullMarked;
