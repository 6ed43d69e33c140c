package toystore.client;

/** The outcome of a purchase that was retried until a deadline. */
public sealed interface PurchaseOutcome {
  /**
   * The order is committed.
   *
   * @param attempts the number of requests that were sent
   */
  record Placed(StoreClient.Purchase purchase, int attempts) implements PurchaseOutcome {}

  /** The last attempt failed in a way that a retry does not change. */
  record Failed(StoreResult.Failed<StoreClient.Purchase> failure) implements PurchaseOutcome {}

  /**
   * The deadline passed without a decision. The purchase may still be committed.
   *
   * @param last the failure of the last attempt
   */
  record Undecided(StoreResult.Failed<StoreClient.Purchase> last) implements PurchaseOutcome {}
}
