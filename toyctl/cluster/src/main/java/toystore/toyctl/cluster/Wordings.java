package toystore.toyctl.cluster;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Small things about texts and files that several commands need. */
public final class Wordings {
  private Wordings() {}

  /** Why an operation failed, in one line fit for people. */
  public static String reason(Throwable e) {
    return switch (e) {
      case ConnectException _ -> "nothing listens there";
      case HttpTimeoutException _ -> "no answer in time";
      case NoSuchFileException _ -> "there is no such file";
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException _ -> "it is a file, not a directory";
      default -> {
        String message = e.getMessage();
        yield message == null || message.isBlank()
            ? e.getClass().getSimpleName()
            : message.lines().findFirst().orElse(message);
      }
    };
  }

  /** Text as part of an HTML page. */
  public static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  /** Replaces a file as a whole: a reader sees the old text or the new one. */
  public static void replace(Path file, byte[] text) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".tmp" + ProcessHandle.current().pid());
    Files.write(next, text);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
