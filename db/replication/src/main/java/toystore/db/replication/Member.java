package toystore.db.replication;

/**
 * A member of a group.
 *
 * @param id its rank: the highest id that is alive and up to date leads
 */
public record Member(String name, int id, String host, int port) {}
