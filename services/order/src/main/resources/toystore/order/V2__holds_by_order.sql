-- The catalog says for which order it held stock: holds are not looked up by their own id any more.
DROP INDEX IF EXISTS orders_by_hold;
