package toystore.node.failure;

import io.helidon.http.HttpException;
import java.lang.System.Logger.Level;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Problem;

/** What a request that failed is answered with. */
public final class ErrorResponses {
  private static final System.Logger LOG = System.getLogger(ErrorResponses.class.getName());

  private ErrorResponses() {}

  /** The problem that this failure is for who asked; one that is none of theirs is logged. */
  public static Problem problem(Throwable error, Object request) {
    return switch (error) {
      case ApiException e -> e.problem();
      case OverloadedException e -> new Problem(503, String.valueOf(e.getMessage()));
      case MisdirectedException e -> new Problem(421, String.valueOf(e.getMessage()));
      case HttpException e -> new Problem(e.status().code(), e.status().reasonPhrase());
      default -> {
        LOG.log(Level.ERROR, "request " + request + " failed", error);
        yield new Problem(500, "internal error");
      }
    };
  }
}
