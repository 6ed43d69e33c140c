package toystore.frontend;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.InputLimits;
import toystore.protocol.codec.Json;

/** The body of {@code POST /orders}: {@code {"name":"Tux","quantity":10}}, with no other fields. */
record OrderRequestBody(String name, int quantity) {
  /**
   * Parses a body token by token, so that the error message names the mistake.
   *
   * @throws ApiException 400 if the body is not valid
   */
  static OrderRequestBody parse(byte[] bytes) {
    try (JsonParser json = Json.parser(bytes)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw ApiException.badRequest("the body must be a JSON object with name and quantity");
      }
      String name = null;
      Integer quantity = null;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String field = json.currentName();
        json.nextToken();
        switch (field) {
          case "name" -> name = name(json);
          case "quantity" -> quantity = quantity(json);
          default -> throw ApiException.badRequest("unknown field '" + printable(field) + "'");
        }
      }
      if (json.nextToken() != null) {
        throw ApiException.badRequest("unexpected content after the JSON object");
      }
      return new OrderRequestBody(present("name", name), present("quantity", quantity));
    } catch (JsonParseException e) {
      boolean twice = String.valueOf(e.getOriginalMessage()).startsWith("Duplicate field");
      throw new ApiException(
          400, twice ? "a field is given more than once" : "the body is not valid JSON", e);
    } catch (IOException e) {
      throw new ApiException(400, "the body is not valid JSON", e);
    }
  }

  private static String name(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_STRING) {
      throw ApiException.badRequest("name must be a string");
    }
    return InputLimits.checkName(json.getText());
  }

  private static int quantity(JsonParser json) throws IOException {
    if (json.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      throw ApiException.badRequest(
          "quantity must be a whole number from 1 to " + InputLimits.MAX_QUANTITY);
    }
    // A number with more than 18 digits is out of range. Do not parse it: it may have a million
    // digits.
    return json.getTextLength() > 18
        ? InputLimits.checkQuantity(Long.MAX_VALUE)
        : InputLimits.checkQuantity(json.getLongValue());
  }

  private static <T> T present(String field, @Nullable T value) {
    if (value == null) {
      throw ApiException.badRequest(field + " is missing");
    }
    return value;
  }

  /** Makes a field name fit for an error message: short, and without control characters. */
  private static String printable(String field) {
    String printable = field.replaceAll("\\p{Cntrl}", "?");
    return printable.length() <= 40 ? printable : printable.substring(0, 40) + "…";
  }
}
