package toystore.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void fieldsAreInSnakeCase() throws IOException {
    byte[] json = Json.toJson(new LoggedOrder.Page(17, List.of()));

    assertThat(new String(json, UTF_8)).isEqualTo("{\"applied_index\":17,\"orders\":[]}");
    assertThat(Json.fromJson(json, LoggedOrder.Page.class).appliedIndex()).isEqualTo(17);
  }

  @ParameterizedTest
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
  void whatDoesNotFitExactlyIsAnError(String json) {
    assertThatThrownBy(() -> Json.fromJson(json.getBytes(UTF_8), Order.class))
        .isInstanceOf(IOException.class);
  }

  @Test
  void messagesSurviveCbor() throws IOException {
    UUID id = Ids.fresh();
    Hold.Batch batch =
        new Hold.Batch(
            List.of(new Hold(id, "Käthe 🐧", 3, UUID.randomUUID())),
            new Hold.Outcomes(List.of(id), List.of()));
    Hold.Answers answers =
        new Hold.Answers(
            List.of(
                new Hold.Granted(1599, 7),
                new Hold.NotEnough(0),
                new Hold.NoSuchProduct(),
                new Hold.Over()));
    Purchase.Answers purchases =
        new Purchase.Answers(
            List.of(
                new Purchase.Placed(0, 2, true),
                new Purchase.OutOfStock(3),
                new Purchase.UnknownProduct(),
                new Purchase.OtherBody(4),
                new Purchase.Undecided("why")));

    assertThat(Json.fromCbor(Json.toCbor(batch), Hold.Batch.class)).isEqualTo(batch);
    assertThat(Json.fromCbor(Json.toCbor(answers), Hold.Answers.class)).isEqualTo(answers);
    assertThat(Json.fromCbor(Json.toCbor(purchases), Purchase.Answers.class)).isEqualTo(purchases);
  }

  @Test
  void aMessageThatWasCutShortIsAnError() {
    byte[] whole = Json.toCbor(new Hold.Batch(List.of(), Hold.Outcomes.NONE));

    for (int length = 0; length < whole.length; length++) {
      byte[] part = java.util.Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Json.fromCbor(part, Hold.Batch.class))
          .isInstanceOf(IOException.class);
    }
  }
}
