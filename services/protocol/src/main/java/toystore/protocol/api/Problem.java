package toystore.protocol.api;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import toystore.protocol.codec.Json;

/** The body of an error, {@code {"error":{"code":404,"message":"…"}}}; code is the HTTP status. */
public record Problem(int code, String message) {
  /** The envelope of {@link Problem}. */
  public record Body(Problem error) implements Json.Written {
    @Override
    public void write(JsonGenerator out) throws IOException {
      out.writeStartObject();
      out.writeObjectFieldStart("error");
      out.writeNumberField("code", error.code);
      out.writeStringField("message", error.message);
      out.writeEndObject();
      out.writeEndObject();
    }
  }
}
