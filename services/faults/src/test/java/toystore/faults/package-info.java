@NullMarked
package toystore.faults;

import org.jspecify.annotations.NullMarked;
