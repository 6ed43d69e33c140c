package toystore.protocol.api;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import toystore.protocol.codec.JsonWritable;

/**
 * A product as clients see it.
 *
 * @param quantity the units that can be bought now; units that holds reserve are not included
 */
public record Product(String name, Price price, long quantity) implements JsonWritable {
  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("name", name);
    out.writeNumberField("price", price.amount());
    out.writeNumberField("quantity", quantity);
    out.writeEndObject();
  }

  /** A product and its version, which increases by one with each change that clients can see. */
  public record Versioned(Product product, long version) {}
}
