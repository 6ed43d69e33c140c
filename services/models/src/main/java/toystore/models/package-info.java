/** What tests of several modules explore protocols with. No part of the store. */
@NullMarked
package toystore.models;

import org.jspecify.annotations.NullMarked;
