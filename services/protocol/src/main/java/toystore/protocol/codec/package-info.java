/** Encodings: strict JSON, and CBOR without reflection. */
@NullMarked
package toystore.protocol.codec;

import org.jspecify.annotations.NullMarked;
