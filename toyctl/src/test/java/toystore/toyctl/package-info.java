/** Tests of the command line; nodes are stood in for by {@link toystore.toyctl.FakeNode}. */
@NullMarked
package toystore.toyctl;

import org.jspecify.annotations.NullMarked;
