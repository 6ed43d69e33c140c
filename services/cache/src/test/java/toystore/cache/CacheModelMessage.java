package toystore.cache;

import java.util.UUID;
import toystore.protocol.message.CacheLeaseMessages;
import toystore.protocol.message.ProductReadRequest;

/** A message in transit between the catalog and a front end of a {@link CacheModel}. */
sealed interface CacheModelMessage {
  /** The number of the front end that sends or receives this message. */
  int frontEnd();

  /**
   * A request for a lease.
   *
   * @param call identifies the call among those of the front end
   */
  record LeaseRequest(int frontEnd, int call, ProductCache.PendingRenewal renewal)
      implements CacheModelMessage {}

  record LeaseResponse(
      int frontEnd, int call, ProductCache.PendingRenewal renewal, CacheLeaseMessages.Grant grant)
      implements CacheModelMessage {}

  record ReadRequest(int frontEnd, ProductCache.Miss miss) implements CacheModelMessage {}

  record ReadResponse(int frontEnd, ProductCache.Miss miss, ProductReadRequest.Answer answer)
      implements CacheModelMessage {}

  record InvalidationRequest(int frontEnd, UUID session) implements CacheModelMessage {}

  record InvalidationResponse(int frontEnd, UUID session, int status)
      implements CacheModelMessage {}
}
