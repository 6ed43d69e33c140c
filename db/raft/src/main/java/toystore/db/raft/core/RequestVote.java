package toystore.db.raft.core;

import toystore.db.log.LogPosition;

/**
 * A candidate's request for a vote (Raft §5.2).
 *
 * @param lastLog position of the last entry in the candidate's log
 * @param preVote whether the candidate only asks if it would get the vote (Ongaro's thesis §9.6);
 *     the response to a pre-vote commits the voter to nothing
 */
public record RequestVote(String candidate, long term, LogPosition lastLog, boolean preVote) {}
