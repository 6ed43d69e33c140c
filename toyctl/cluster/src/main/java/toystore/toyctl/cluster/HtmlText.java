package toystore.toyctl.cluster;

/** Prepares text for HTML pages. */
public final class HtmlText {
  private HtmlText() {}

  /** Escapes the characters that have a meaning in HTML text. */
  public static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
