package toystore.api;

/** The body of an error, {@code {"error":{"code":404,"message":"…"}}}; code is the HTTP status. */
public record Problem(int code, String message) {
  /** The envelope of {@link Problem}. */
  public record Body(Problem error) {}
}
