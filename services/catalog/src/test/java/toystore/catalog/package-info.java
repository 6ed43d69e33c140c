/** Tests of this module; other nodes are stood in for by fakes. */
@NullMarked
package toystore.catalog;

import org.jspecify.annotations.NullMarked;
