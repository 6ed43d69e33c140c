/** What all commands share: global options, settings, access to the store, and output. */
@NullMarked
package toystore.toyctl.cli.context;

import org.jspecify.annotations.NullMarked;
