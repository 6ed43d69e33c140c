package toystore.protocol.api;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import toystore.protocol.codec.JsonWritable;

/** The error in the body of an error response. The code is the HTTP status. */
public record ApiProblem(int code, String message) {
  /** The body of an error response: {@code {"error":{"code":404,"message":"…"}}}. */
  public record Body(ApiProblem error) implements JsonWritable {
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
