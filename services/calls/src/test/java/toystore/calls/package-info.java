/** Tests of calls, against servers of this JVM. */
@NullMarked
package toystore.calls;

import org.jspecify.annotations.NullMarked;
