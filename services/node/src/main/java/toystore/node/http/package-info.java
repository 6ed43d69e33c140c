/** The listeners of a node: routes, responses to errors, limits, health and metrics. */
@NullMarked
package toystore.node.http;

import org.jspecify.annotations.NullMarked;
