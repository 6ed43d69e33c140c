package toystore.node.rpc;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.node.failure.ErrorResponses;
import toystore.node.failure.MisdirectedException;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.ApiProblem;
import toystore.protocol.codec.Json;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/** Selects the handler of a message ({@link MessageFrames}) by its path. Bodies are CBOR. */
public final class MessageDispatcher {
  private record Route<T>(Class<T> type, MessageHandler<T> handler) {
    byte[] answer(byte[] body) throws Exception {
      return MessageCodec.toCbor(handler.answer(decode(body)));
    }

    private T decode(byte[] body) {
      try {
        return MessageCodec.fromCbor(body, type);
      } catch (IOException e) {
        throw new ApiException(400, "not a " + type.getSimpleName() + " message", e);
      }
    }
  }

  private final Map<String, Route<?>> byPath = new LinkedHashMap<>();

  public <T> void add(String path, Class<T> type, MessageHandler<T> handler) {
    byPath.put(path, new Route<>(type, handler));
  }

  /** Returns the response to a request. An exception of the handler becomes a response too. */
  NodeReply answer(MessageFrames.Request request) {
    Route<?> route = byPath.get(request.path());
    if (route == null) {
      return refusal(new ApiProblem(404, "there is no message " + request.path()), null);
    }
    try {
      return new NodeReply(200, route.answer(request.body()), null);
    } catch (MisdirectedException e) {
      return refusal(ErrorResponses.problem(e, request.path()), e.leader());
    } catch (Exception | Error e) {
      return refusal(ErrorResponses.problem(e, request.path()), null);
    }
  }

  private static NodeReply refusal(ApiProblem problem, @Nullable String leader) {
    return new NodeReply(problem.code(), Json.toJson(new ApiProblem.Body(problem)), leader);
  }
}
