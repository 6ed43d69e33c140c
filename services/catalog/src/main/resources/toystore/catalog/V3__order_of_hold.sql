-- The order for which a hold was made. Null for holds from before this schema version.
ALTER TABLE open_holds ADD COLUMN IF NOT EXISTS order_id UUID;
