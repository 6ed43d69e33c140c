package toystore.db.raft.log;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The information in the name of a segment file. The open segment, to which entries are appended,
 * is {@code log_inprogress_FIRST}. All others are {@code log_FIRST-LAST}.
 *
 * @param lastIndex {@link Long#MAX_VALUE} for an open segment
 */
public record SegmentName(Path file, long firstIndex, long lastIndex, boolean open) {
  static final String OPEN_PREFIX = "log_inprogress_";
  private static final Pattern NAME = Pattern.compile("log_(inprogress_)?(\\d+)(?:-(\\d+))?");

  /** The segment files in this directory, in the order of their entries. */
  public static List<SegmentName> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(SegmentName::parse)
          .filter(Objects::nonNull)
          .sorted((one, other) -> Long.compare(one.firstIndex(), other.firstIndex()))
          .toList();
    }
  }

  private static @Nullable SegmentName parse(Path file) {
    Matcher name = NAME.matcher(String.valueOf(file.getFileName()));
    if (!name.matches()) {
      return null;
    }
    boolean open = name.group(1) != null;
    return new SegmentName(
        file,
        Long.parseLong(name.group(2)),
        open ? Long.MAX_VALUE : Long.parseLong(name.group(3)),
        open);
  }

  static String ofOpen(long firstIndex) {
    return OPEN_PREFIX + firstIndex;
  }

  static String ofFull(long firstIndex, long lastIndex) {
    return "log_" + firstIndex + "-" + lastIndex;
  }
}
