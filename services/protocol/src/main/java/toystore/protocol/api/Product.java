package toystore.protocol.api;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import toystore.protocol.codec.Json;

/**
 * A product as clients see it.
 *
 * @param quantity what can be bought now: on hand, without what is held
 */
public record Product(String name, Price price, long quantity) implements Json.Written {
  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeStringField("name", name);
    out.writeNumberField("price", price.amount());
    out.writeNumberField("quantity", quantity);
    out.writeEndObject();
  }

  /** A product with its version, which rises by one with each change that clients can see. */
  public record Versioned(Product product, long version) {}
}
