/** What the libraries of the command line share: exit codes, errors, HTTP, tables. */
@NullMarked
package toystore.toyctl.cluster;

import org.jspecify.annotations.NullMarked;
