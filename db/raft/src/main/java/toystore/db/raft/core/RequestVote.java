package toystore.db.raft.core;

import toystore.db.log.LogPosition;

/**
 * A candidate asks for a vote (Raft §5.2).
 *
 * @param last the last entry of its log
 * @param binding whether an answer is a vote; else it only tells what a vote would be
 */
public record RequestVote(String candidate, long term, LogPosition last, boolean binding) {}
