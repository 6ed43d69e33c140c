/** The HTTP listeners of a node: routes, errors, limits, health and metrics. */
@NullMarked
package toystore.node.http;

import org.jspecify.annotations.NullMarked;
