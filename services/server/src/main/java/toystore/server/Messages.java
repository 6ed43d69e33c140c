package toystore.server;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import toystore.api.ApiException;
import toystore.api.Json;
import toystore.api.Problem;
import toystore.calls.Caller;
import toystore.calls.Frames;

/** What a node answers to messages of other nodes ({@link Frames}), by path. Bodies are CBOR. */
final class Messages {
  private record Kind<T>(Class<T> type, Answering<T> answering) {
    byte[] answer(byte[] body) throws Exception {
      return Json.toCbor(answering.answer(decoded(body)));
    }

    private T decoded(byte[] body) {
      try {
        return Json.fromCbor(body, type);
      } catch (IOException e) {
        throw new ApiException(400, "not a " + type.getSimpleName() + " message", e);
      }
    }
  }

  private final Map<String, Kind<?>> byPath = new LinkedHashMap<>();

  <T> void add(String path, Class<T> type, Answering<T> answering) {
    byPath.put(path, new Kind<>(type, answering));
  }

  /** Answers, whatever the question. */
  Caller.Reply answer(Frames.Question question) {
    Kind<?> kind = byPath.get(question.path());
    if (kind == null) {
      return refusal(new Problem(404, "there is no message " + question.path()), null);
    }
    try {
      return new Caller.Reply(200, kind.answer(question.body()), null);
    } catch (MisdirectedException e) {
      return refusal(Refusals.problem(e, question.path()), e.leader());
    } catch (Exception | Error e) {
      return refusal(Refusals.problem(e, question.path()), null);
    }
  }

  private static Caller.Reply refusal(Problem problem, @Nullable String leader) {
    return new Caller.Reply(problem.code(), Json.toJson(new Problem.Body(problem)), leader);
  }
}
