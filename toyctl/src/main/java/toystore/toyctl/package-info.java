/** The command line of the store: one class a command, on top of what every command shares. */
@NullMarked
package toystore.toyctl;

import org.jspecify.annotations.NullMarked;
