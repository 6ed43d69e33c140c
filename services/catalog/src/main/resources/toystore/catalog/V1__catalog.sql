CREATE TABLE IF NOT EXISTS products(
  name         VARCHAR(128) PRIMARY KEY,
  position     INT NOT NULL,
  price_cents  BIGINT NOT NULL,
  stocked      BIGINT NOT NULL,
  on_hand      BIGINT NOT NULL CHECK (on_hand >= 0),
  held         BIGINT NOT NULL CHECK (held >= 0),
  sold         BIGINT NOT NULL CHECK (sold >= 0),
  version      BIGINT NOT NULL,
  CHECK (stocked = on_hand + held + sold)
);

CREATE TABLE IF NOT EXISTS open_holds(
  hold_id           UUID PRIMARY KEY,
  name              VARCHAR(128) NOT NULL,
  quantity          INT NOT NULL,
  unit_price_cents  BIGINT NOT NULL,
  version           BIGINT NOT NULL,
  held_at_ms        BIGINT NOT NULL
);

-- Hold ids increase with time, so old rows are deleted by their key.
CREATE TABLE IF NOT EXISTS ended_holds(
  hold_id  UUID PRIMARY KEY,
  settled  BOOLEAN NOT NULL
);

CREATE TABLE IF NOT EXISTS log_time(id INT PRIMARY KEY, now_ms BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS log_position(id INT PRIMARY KEY, term BIGINT, index BIGINT);
