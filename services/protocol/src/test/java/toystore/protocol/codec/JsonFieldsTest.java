package toystore.protocol.codec;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import toystore.protocol.message.NodeStatus;

class JsonFieldsTest {
  private static final NodeStatus FRONT_END =
      new NodeStatus(
          "frontend",
          "frontend",
          "ready",
          "c",
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          null,
          7,
          0.5);

  private static final NodeStatus LEADER =
      new NodeStatus(
          "order-3",
          "leader",
          "ready",
          "c \"quoted\"",
          "order-3",
          3L,
          5_000_000_000L,
          17L,
          0L,
          "00ff",
          "no orders",
          List.of(new NodeStatus.PeerLag("order-1", 0), new NodeStatus.PeerLag("order-2", 9)),
          123_456,
          12);

  private static JsonFields fields(String json) throws IOException {
    return JsonFields.read(json.getBytes(UTF_8));
  }

  @Test
  @DisplayName("A status is read as it was written")
  void statusSurvivesEncoding() throws IOException {
    assertThat(NodeStatus.read(Json.toJson(FRONT_END))).isEqualTo(FRONT_END);
    assertThat(NodeStatus.read(Json.toJson(LEADER))).isEqualTo(LEADER);
  }

  @Test
  @DisplayName("The mapper reads the status that the record writes itself")
  void statusMatchesItsRecord() throws IOException {
    assertThat(Json.fromJson(Json.toJson(FRONT_END), NodeStatus.class)).isEqualTo(FRONT_END);
    assertThat(Json.fromJson(Json.toJson(LEADER), NodeStatus.class)).isEqualTo(LEADER);
  }

  @ParameterizedTest
  @DisplayName("A missing, unknown, repeated or wrongly typed field is rejected")
  @CsvSource({
    "'\"pid\":123456', '\"pid\":\"123456\"', must be a whole number",
    "'\"pid\":123456', '\"pid\":1.5', must be a whole number",
    "'\"pid\":123456', '\"pid\":null', must not be null",
    "'\"pid\":123456', '\"pid\":99999999999999999999', range",
    "'\"pid\":123456', '\"pid\":1,\"pid\":2', Duplicate field",
    "'\"pid\":123456,', '', 'pid'' is missing'",
    "'\"term\":3,', '', 'term'' is missing'",
    "'\"term\":3', '\"term\":3,\"colour\":1', unknown field 'colour'",
    "'\"lag\":9', '\"lag\":9,\"colour\":1', unknown field 'colour'",
    "'\"lag\":9', '\"lag\":true', must be a whole number",
    "'\"leader\":\"order-3\"', '\"leader\":3', must be a string",
    "'\"uptime_s\":12.0', '\"uptime_s\":\"12\"', must be a number",
  })
  void unfitFieldIsRejected(String part, String other, String why) {
    String json = new String(Json.toJson(LEADER), UTF_8);
    assertThat(json).contains(part);
    String wrong = json.replace(part, other);

    assertThatThrownBy(() -> NodeStatus.read(wrong.getBytes(UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(why);
  }

  @ParameterizedTest
  @DisplayName("Input that is not exactly one object is rejected")
  @ValueSource(strings = {"", "[]", "null", "17", "{", "{\"a\":}", "{\"a\":1} {}", "{\"a\":1}]"})
  void inputThatIsNotAnObjectIsRejected(String json) {
    assertThatThrownBy(() -> fields(json)).isInstanceOf(IOException.class);
  }

  @Test
  @DisplayName("An int number must be in the range of int")
  void intNumberMustFitInt() throws IOException {
    assertThat(fields("{\"a\":-2147483648}").intNumber("a")).isEqualTo(Integer.MIN_VALUE);
    assertThat(fields("{}").intNumber("a", 5)).isEqualTo(5);
    assertThatThrownBy(() -> fields("{\"a\":2147483648}").intNumber("a", 5))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("'a' is out of range");
  }

  @Test
  @DisplayName("A list that contains anything but objects is rejected")
  void listOfOtherValuesIsRejected() {
    assertThatThrownBy(() -> fields("{\"a\":[1]}").objectsOrNull("a"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("list of objects");
  }
}
