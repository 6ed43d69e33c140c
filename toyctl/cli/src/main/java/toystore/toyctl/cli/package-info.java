/** The command line: one class a command. */
@NullMarked
package toystore.toyctl.cli;

import org.jspecify.annotations.NullMarked;
