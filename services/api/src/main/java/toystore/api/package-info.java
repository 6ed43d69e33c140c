/** What the processes of the store say to each other and to their clients. */
@NullMarked
package toystore.api;

import org.jspecify.annotations.NullMarked;
