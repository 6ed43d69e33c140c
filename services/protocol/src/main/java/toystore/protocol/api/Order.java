package toystore.protocol.api;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import toystore.protocol.codec.JsonWritable;

/** An order as clients see it: the public columns of a row of the order log. */
public record Order(long number, String name, int quantity) implements JsonWritable {
  @Override
  public void write(JsonGenerator out) throws IOException {
    out.writeStartObject();
    out.writeNumberField("number", number);
    out.writeStringField("name", name);
    out.writeNumberField("quantity", quantity);
    out.writeEndObject();
  }
}
