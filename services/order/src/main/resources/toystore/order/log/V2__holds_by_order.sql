-- The catalog names the order for which it held stock, so orders are no longer looked up by hold id.
DROP INDEX IF EXISTS orders_by_hold;
