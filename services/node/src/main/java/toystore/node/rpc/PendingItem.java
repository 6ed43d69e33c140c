package toystore.node.rpc;

import java.util.concurrent.CompletableFuture;

/**
 * An item of a {@link Batcher} that has no answer yet.
 *
 * @param sinceNanos when it was submitted, on the clock of {@link System#nanoTime}
 */
record PendingItem<I, O>(I item, CompletableFuture<O> answer, long sinceNanos) {}
