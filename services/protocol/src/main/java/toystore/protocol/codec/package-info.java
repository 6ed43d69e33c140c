/** JSON and CBOR, read strictly. */
@NullMarked
package toystore.protocol.codec;

import org.jspecify.annotations.NullMarked;
