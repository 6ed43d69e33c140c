/** A search through all states of a protocol, for the tests of several modules. */
@NullMarked
package toystore.tests.models;

import org.jspecify.annotations.NullMarked;
