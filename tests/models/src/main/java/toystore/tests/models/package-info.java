/** What tests of several modules explore protocols with. */
@NullMarked
package toystore.tests.models;

import org.jspecify.annotations.NullMarked;
