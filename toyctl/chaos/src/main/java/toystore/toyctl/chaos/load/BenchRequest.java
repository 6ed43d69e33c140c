package toystore.toyctl.chaos.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import toystore.client.StoreClient;
import toystore.protocol.api.ApiPaths;

/** The request that a benchmark sends. */
public enum BenchRequest {
  PURCHASE,
  READ;

  /** The HTTP request for one product, as bytes. */
  byte[] bytes(URI frontEnd, String product) {
    byte[] body = this == PURCHASE ? StoreClient.purchaseBody(product, 1) : new byte[0];
    String head =
        (this == PURCHASE
                ? "POST "
                    + ApiPaths.ORDERS
                    + " HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length
                    + "\r\n"
                : "GET " + StoreClient.productPath(product) + " HTTP/1.1\r\n")
            + "Host: "
            + frontEnd.getAuthority()
            + "\r\n\r\n";
    byte[] start = head.getBytes(UTF_8);
    byte[] request = new byte[start.length + body.length];
    System.arraycopy(start, 0, request, 0, start.length);
    System.arraycopy(body, 0, request, start.length, body.length);
    return request;
  }
}
