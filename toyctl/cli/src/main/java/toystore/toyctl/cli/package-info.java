/** The command line: one class per command. */
@NullMarked
package toystore.toyctl.cli;

import org.jspecify.annotations.NullMarked;
