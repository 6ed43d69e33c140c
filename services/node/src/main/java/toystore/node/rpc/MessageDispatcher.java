package toystore.node.rpc;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.node.failure.ErrorResponses;
import toystore.node.failure.MisdirectedException;
import toystore.protocol.api.ApiException;
import toystore.protocol.api.Problem;
import toystore.protocol.codec.Json;
import toystore.protocol.message.MessageCodec;
import toystore.protocol.message.MessageFrames;
import toystore.protocol.message.NodeReply;

/**
 * What a node answers to messages of other nodes ({@link MessageFrames}), by path. Bodies are CBOR.
 */
public final class MessageDispatcher {
  private record Kind<T>(Class<T> type, MessageHandler<T> answering) {
    byte[] answer(byte[] body) throws Exception {
      return MessageCodec.toCbor(answering.answer(decoded(body)));
    }

    private T decoded(byte[] body) {
      try {
        return MessageCodec.fromCbor(body, type);
      } catch (IOException e) {
        throw new ApiException(400, "not a " + type.getSimpleName() + " message", e);
      }
    }
  }

  private final Map<String, Kind<?>> byPath = new LinkedHashMap<>();

  public <T> void add(String path, Class<T> type, MessageHandler<T> answering) {
    byPath.put(path, new Kind<>(type, answering));
  }

  /** Answers, whatever the question. */
  NodeReply answer(MessageFrames.Request question) {
    Kind<?> kind = byPath.get(question.path());
    if (kind == null) {
      return refusal(new Problem(404, "there is no message " + question.path()), null);
    }
    try {
      return new NodeReply(200, kind.answer(question.body()), null);
    } catch (MisdirectedException e) {
      return refusal(ErrorResponses.problem(e, question.path()), e.leader());
    } catch (Exception | Error e) {
      return refusal(ErrorResponses.problem(e, question.path()), null);
    }
  }

  private static NodeReply refusal(Problem problem, @Nullable String leader) {
    return new NodeReply(problem.code(), Json.toJson(new Problem.Body(problem)), leader);
  }
}
