-- The log index of the entry that ended a hold: what a catalog that is behind has missed of them.
-- Those from before this version count as ended by the first entry.
ALTER TABLE ended_holds ADD COLUMN IF NOT EXISTS log_index BIGINT DEFAULT 0 NOT NULL;
CREATE INDEX IF NOT EXISTS ended_holds_by_index ON ended_holds(log_index, hold_id);

-- Holds that were asked for before this time are over, whether they are on record or not.
ALTER TABLE log_time ADD COLUMN IF NOT EXISTS pruned_before_ms BIGINT DEFAULT 0 NOT NULL;
