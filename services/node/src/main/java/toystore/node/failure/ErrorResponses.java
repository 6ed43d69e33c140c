package toystore.node.failure;

import io.helidon.http.HttpException;
import java.lang.System.Logger.Level;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiProblem;

/** Maps the exceptions of request handlers to responses. */
public final class ErrorResponses {
  private static final System.Logger LOG = System.getLogger(ErrorResponses.class.getName());

  private ErrorResponses() {}

  /**
   * Returns the response for a failed request. An unexpected exception is logged, and its details
   * are not sent to the client.
   */
  public static ApiProblem problem(Throwable error, Object request) {
    return switch (error) {
      case ApiException e -> e.problem();
      case OverloadedException e -> new ApiProblem(503, String.valueOf(e.getMessage()));
      case MisdirectedException e -> new ApiProblem(421, String.valueOf(e.getMessage()));
      case HttpException e -> new ApiProblem(e.status().code(), e.status().reasonPhrase());
      default -> {
        LOG.log(Level.ERROR, "request " + request + " failed", error);
        yield new ApiProblem(500, "internal error");
      }
    };
  }
}
