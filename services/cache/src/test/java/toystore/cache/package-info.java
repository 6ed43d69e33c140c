/** Tests of this module; other nodes are stood in for by fakes. */
@NullMarked
package toystore.cache;

import org.jspecify.annotations.NullMarked;
