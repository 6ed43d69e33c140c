-- The order that a hold was made for; null for holds from before this version.
ALTER TABLE open_holds ADD COLUMN IF NOT EXISTS order_id UUID;
