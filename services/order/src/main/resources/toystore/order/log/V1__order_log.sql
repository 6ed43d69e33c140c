CREATE TABLE IF NOT EXISTS orders(
  number            BIGINT PRIMARY KEY,
  order_id          UUID NOT NULL,
  hold_id           UUID NOT NULL,
  name              VARCHAR(128) NOT NULL,
  quantity          INT NOT NULL,
  unit_price_cents  BIGINT NOT NULL,
  product_version   BIGINT NOT NULL,
  placed_at_ms      BIGINT NOT NULL,
  log_index         BIGINT NOT NULL,
  hash              BINARY(16) NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS orders_by_id ON orders(order_id);
CREATE UNIQUE INDEX IF NOT EXISTS orders_by_hold ON orders(hold_id);

-- Holds that no order may ever name.
CREATE TABLE IF NOT EXISTS tombstones(
  hold_id    UUID PRIMARY KEY,
  time_ms    BIGINT NOT NULL,
  log_index  BIGINT NOT NULL
);

-- One row: the log's time, and the prune horizon. Tombstones from before the horizon are deleted.
CREATE TABLE IF NOT EXISTS log_time(
  id                INT PRIMARY KEY,
  now_ms            BIGINT NOT NULL,
  pruned_before_ms  BIGINT NOT NULL
);

-- How far the running hash was verified: row 0 by the last start, row 1 by the scrub. Each row has the number of
-- verified orders and the hash of the last of them.
CREATE TABLE IF NOT EXISTS verified(
  id      INT PRIMARY KEY,
  orders  BIGINT NOT NULL,
  hash    BINARY(16) NOT NULL
);

CREATE TABLE IF NOT EXISTS log_position(id INT PRIMARY KEY, term BIGINT, index BIGINT);
