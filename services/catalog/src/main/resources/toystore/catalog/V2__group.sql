-- The index of the log entry that ended a hold. It determines which ended holds a catalog has missed.
-- Holds that ended before this schema version count as ended by the first entry.
ALTER TABLE ended_holds ADD COLUMN IF NOT EXISTS log_index BIGINT DEFAULT 0 NOT NULL;
CREATE INDEX IF NOT EXISTS ended_holds_by_index ON ended_holds(log_index, hold_id);

-- The prune horizon. A hold that was asked for before this time counts as ended unless it is open, even if it is not in
-- the table.
ALTER TABLE log_time ADD COLUMN IF NOT EXISTS pruned_before_ms BIGINT DEFAULT 0 NOT NULL;
