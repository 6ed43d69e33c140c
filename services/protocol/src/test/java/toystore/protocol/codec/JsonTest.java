package toystore.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.api.Order;
import toystore.protocol.api.Price;
import toystore.protocol.api.Product;
import toystore.protocol.message.LoggedOrder;
import toystore.protocol.message.MessageCodec;

class JsonTest {
  @Test
  @DisplayName("Fields of JSON objects are in snake case")
  void fieldsAreInSnakeCase() throws IOException {
    byte[] json = Json.toJson(new LoggedOrder.Page(17, List.of()));

    assertThat(new String(json, UTF_8)).isEqualTo("{\"applied_index\":17,\"orders\":[]}");
    assertThat(Json.fromJson(json, LoggedOrder.Page.class).appliedIndex()).isEqualTo(17);
  }

  @Test
  @DisplayName("A product is read as it was written")
  void productSurvivesEncoding() throws IOException {
    Product product = new Product("a \"quoted\" bär", new Price(1590), 1_000_000_000_000L);

    byte[] json = Json.toJson(List.of(product));

    assertThat(new String(json, UTF_8))
        .isEqualTo(
            "[{\"name\":\"a \\\"quoted\\\" bär\",\"price\":15.90,\"quantity\":1000000000000}]");
    assertThat(Json.fromJson(json, Product[].class)).containsExactly(product);
    assertThat(MessageCodec.fromCbor(MessageCodec.toCbor(product), Product.class))
        .isEqualTo(product);
  }

  @ParameterizedTest
  @DisplayName("JSON that does not match the record exactly is rejected")
  @ValueSource(
      strings = {
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":2,\"colour\":\"black\"}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":2,\"quantity\":3}",
        "{\"number\":1,\"name\":\"Tux\"}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":null}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":\"2\"}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":2.0}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":true}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":3000000000}",
        "{\"number\":1,\"name\":5,\"quantity\":2}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":2} {}",
        "{\"number\":1,\"name\":\"Tux\",\"quantity\":2",
        "[]",
        "",
      })
  void unfitJsonIsRejected(String json) {
    assertThatThrownBy(() -> Json.fromJson(json.getBytes(UTF_8), Order.class))
        .isInstanceOf(IOException.class);
  }
}
