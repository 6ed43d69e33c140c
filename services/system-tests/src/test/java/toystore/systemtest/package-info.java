/** The store as real processes: killed, restarted, compared. And rules that all modules keep. */
@NullMarked
package toystore.systemtest;

import org.jspecify.annotations.NullMarked;
