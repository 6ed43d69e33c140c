package toystore.protocol.api;

/** Limits of API input. Values are checked once, when a request arrives, and trusted after that. */
public final class InputLimits {
  public static final int MAX_NAME_LENGTH = 64;
  public static final int MAX_QUANTITY = 1_000_000;

  private InputLimits() {}

  /**
   * Returns the name if it is a valid product name: 1 to 64 characters without control characters.
   *
   * @throws ApiException with status 400 otherwise
   */
  public static String checkName(String name) {
    int length = name.codePointCount(0, name.length());
    if (name.isBlank() || length > MAX_NAME_LENGTH) {
      throw ApiException.badRequest("name must have 1 to " + MAX_NAME_LENGTH + " characters");
    }
    if (name.codePoints().anyMatch(InputLimits::unprintable)) {
      throw ApiException.badRequest("name must not contain control characters");
    }
    return name;
  }

  /** Characters that cannot be displayed in a line: controls, separators, unpaired surrogates. */
  private static boolean unprintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.FORMAT ->
          true;
      default -> false;
    };
  }

  /**
   * Returns the quantity if it is valid for one purchase.
   *
   * @throws ApiException with status 400 otherwise
   */
  public static int checkQuantity(long quantity) {
    if (quantity < 1 || quantity > MAX_QUANTITY) {
      throw ApiException.badRequest("quantity must be a whole number from 1 to " + MAX_QUANTITY);
    }
    return (int) quantity;
  }
}
