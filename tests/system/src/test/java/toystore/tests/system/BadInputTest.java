package toystore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invalid input is rejected with a specific message and has no effect (promise P7). */
@ExtendWith(SharedStore.class)
class BadInputTest {
  private String before = "";

  /** Everything that a purchase would change. */
  private static String stateOf(TestStore store) {
    return store.get(store.catalog() + "/stock").json().get("stock")
        + store.get(store.orderReplica(3) + "/status").json().get("orders").asText();
  }

  @BeforeEach
  void recordState(TestStore store) {
    before = stateOf(store);
  }

  @AfterEach
  void stateIsUnchanged(TestStore store) {
    assertThat(stateOf(store)).isEqualTo(before);
    assertThat(store.get(store.frontEnd() + "/status").json().get("state").asText())
        .isEqualTo("ready");
  }

  private static void assertRefused(TestStore.Answer answer, int status, String words) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    assertThat(answer.header("Content-Type")).startsWith("application/json");
    assertThat(answer.json().at("/error/code").asInt()).isEqualTo(status);
    assertThat(answer.json().at("/error/message").asText()).contains(words);
    assertThat(answer.json()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"name":"Tux","quantity":0}                 | quantity must be a whole number
          {"name":"Tux","quantity":-1}                | quantity must be a whole number
          {"name":"Tux","quantity":1.5}               | quantity must be a whole number
          {"name":"Tux","quantity":1.0}               | quantity must be a whole number
          {"name":"Tux","quantity":1e3}               | quantity must be a whole number
          {"name":"Tux","quantity":1000001}           | quantity must be a whole number
          {"name":"Tux","quantity":99999999999999999999999999} | quantity must be a whole number
          {"name":"Tux","quantity":"10"}              | quantity must be a whole number
          {"name":"Tux","quantity":null}              | quantity must be a whole number
          {"name":"Tux","quantity":true}              | quantity must be a whole number
          {"name":"Tux","quantity":[1]}               | quantity must be a whole number
          {"name":"Tux"}                              | quantity is missing
          {"quantity":1}                              | name is missing
          {}                                          | name is missing
          {"name":1,"quantity":1}                     | name must be a string
          {"name":null,"quantity":1}                  | name must be a string
          {"name":"","quantity":1}                    | name must have 1 to 64
          {"name":" ","quantity":1}                   | name must have 1 to 64
          {"name":"Tux\\u0000","quantity":1}          | control characters
          {"name":"T\\u001bux","quantity":1}          | control characters
          {"name":"Tux","name":"Fox","quantity":1}    | more than once
          {"name":"Tux","quantity":1,"quantity":2}    | more than once
          {"name":"Tux","quantity":1,"price":0}       | unknown field 'price'
          {"name":"Tux","quantity":1                  | not valid JSON
          {"name":"Tux","quantity":1} x               | not valid JSON
          {"name":"Tux","quantity":1}{}               | after the JSON object
          {'name':'Tux','quantity':1}                 | not valid JSON
          []                                          | must be a JSON object
          "Tux"                                       | must be a JSON object
          nonsense                                    | not valid JSON
          ``                                          | must be a JSON object
          """)
  @DisplayName("An invalid purchase gets 400 and names the mistake")
  void invalidPurchaseIs400AndNamesTheMistake(String body, String words, TestStore store) {
    assertRefused(store.post("/orders", body), 400, words);
  }

  @Test
  @DisplayName("A name with more than 64 characters gets 400")
  void nameOfMoreThan64CharactersIs400(TestStore store) {
    assertRefused(store.post("/orders", TestStore.purchase("x".repeat(65), 1)), 400, "1 to 64");
  }

  @Test
  @DisplayName("A body of more than 64 KiB gets 413")
  void bodyOfMoreThan64KibibytesIs413(TestStore store) {
    assertRefused(store.post("/orders", " ".repeat(65_537)), 413, "65536 bytes");
  }

  @Test
  @DisplayName("Another content type than JSON gets 415")
  void otherContentTypeIs415(TestStore store) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(store.frontEnd() + "/orders"))
            .header("Content-Type", "text/plain")
            .POST(HttpRequest.BodyPublishers.ofString(TestStore.purchase("Tux", 1)));

    assertRefused(store.send(request), 415, "application/json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"PUT", "DELETE", "PATCH"})
  @DisplayName("A wrong method gets 405 and names the allowed methods")
  void wrongMethodIs405AndNamesTheAllowedOnes(String method, TestStore store) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(store.frontEnd() + "/orders"))
            .method(method, HttpRequest.BodyPublishers.noBody());

    TestStore.Answer answer = store.send(request);

    assertRefused(answer, 405, "POST");
    assertThat(answer.header("Allow")).contains("POST");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/order",
        "/invalidation",
        "/orders/1/2",
        "/products/Tux/price",
        "/%2e%2e/etc"
      })
  @DisplayName("An unknown path gets 404")
  void unknownPathIs404(String path, TestStore store) {
    assertRefused(store.get(store.frontEnd() + path), 404, "nothing at this path");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "-1", "1.5", "0x10", "9999999999999999999999", "%00", "%20"})
  @DisplayName("An invalid order number gets 400")
  void invalidOrderNumberIs400(String number, TestStore store) {
    assertRefused(store.get(store.frontEnd() + "/orders/" + number), 400, "order number");
  }

  @ParameterizedTest
  @ValueSource(strings = {"?limit=0", "?limit=x", "?limit=1000000", "?after=x", "?limit=1&limit=2"})
  @DisplayName("A listing with an invalid limit or start gets 400")
  void invalidPageIs400(String query, TestStore store) {
    assertThat(store.get(store.frontEnd() + "/orders" + query).status()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"%00", "Tux%0a", "%1b%5b2J", "%E2%80%AE"})
  @DisplayName("A product name with control characters gets 400")
  void productNameWithControlCharactersIs400(String name, TestStore store) {
    assertRefused(store.get(store.frontEnd() + "/products/" + name), 400, "control characters");
  }

  @Test
  @DisplayName("A wrongly encoded path gets 400")
  void wronglyEncodedPathIs400(TestStore store) throws IOException {
    assertThat(sendRaw(store, "GET /products/%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        .startsWith("HTTP/1.1 400")
        .contains("{\"error\":{\"code\":400");
  }

  @Test
  @DisplayName("Bytes that are not HTTP get 400 with a JSON body")
  void bytesThatAreNotHttpGet400InJson(TestStore store) throws IOException {
    assertThat(sendRaw(store, "HELLO\r\n\r\n"))
        .startsWith("HTTP/1.1 400")
        .contains("{\"error\":{\"code\":400");
  }

  /** Sends bytes that an HTTP client would not send, and reads until the server closes. */
  private static String sendRaw(TestStore store, String request) throws IOException {
    URI uri = URI.create(store.frontEnd());
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(request.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {" ", "grün"})
  @DisplayName("An invalid Idempotency-Key gets 400")
  void invalidIdempotencyKeyIs400(String key, TestStore store) throws IOException {
    String body = TestStore.purchase("Tux", 1);
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String answer =
        sendRaw(
            store,
            "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Connection: close\r\nContent-Length: "
                + bytes.length
                + "\r\nIdempotency-Key: "
                + key
                + "\r\n\r\n"
                + body);

    assertThat(answer).startsWith("HTTP/1.1 400").contains("Idempotency-Key");
  }

  @Test
  @DisplayName("An Idempotency-Key with 256 characters gets 400")
  void keyOf256CharactersIs400(TestStore store) {
    assertRefused(
        store.post("/orders", TestStore.purchase("Tux", 1), "Idempotency-Key", "k".repeat(256)),
        400,
        "Idempotency-Key");
  }

  @Test
  @DisplayName("Two Idempotency-Key headers get 400")
  void twoKeysAre400(TestStore store) {
    assertRefused(
        store.post(
            "/orders",
            TestStore.purchase("Tux", 1),
            "Idempotency-Key",
            "a",
            "Idempotency-Key",
            "b"),
        400,
        "more than once");
  }

  @Test
  @DisplayName("The same key with another body gets 422, and the order is unchanged")
  void keyWithAnotherBodyIs422(TestStore store) {
    String key = UUID.randomUUID().toString();
    TestStore.Answer first =
        store.post("/orders", TestStore.purchase("Marbles", 1), "Idempotency-Key", key);
    assertThat(first.status()).isEqualTo(200);
    awaitNoHolds(store);
    before = stateOf(store);

    assertRefused(
        store.post("/orders", TestStore.purchase("Marbles", 2), "Idempotency-Key", key),
        422,
        "order ");
    assertRefused(
        store.post("/orders", TestStore.purchase("Fox", 1), "Idempotency-Key", key), 422, "order ");

    TestStore.Answer again =
        store.post("/orders", TestStore.purchase("Marbles", 1), "Idempotency-Key", key);
    assertThat(again.status()).isEqualTo(200);
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(again.header("Product-Version")).isEqualTo(first.header("Product-Version"));
    assertThat(first.header("Idempotent-Replayed")).isEmpty();
  }

  /** Waits until all stock that was held for purchases counts as sold. */
  private static void awaitNoHolds(TestStore store) {
    Awaitility.await()
        .until(
            () ->
                store
                    .get(store.catalog() + "/stock")
                    .json()
                    .get("stock")
                    .findValues("held")
                    .stream()
                    .allMatch(held -> held.asLong() == 0));
  }
}
