-- Events of a fleet in PostgreSQL 14 or newer. Run once, as the owner of an empty database.
CREATE EXTENSION IF NOT EXISTS pg_trgm;       -- fuzzy search, and wildcards with an index
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch; -- letters that differ
CREATE EXTENSION IF NOT EXISTS pgcrypto;      -- keyed hashes

-- One row for each event. A camera may send an event twice, always with the same id, time and body: the key removes the
-- repeat. The time is in the key since each month is a table of its own.
CREATE TABLE event (
  event_id   text NOT NULL,
  at         timestamptz NOT NULL,
  site       text NOT NULL,
  device     text NOT NULL,
  kind       text NOT NULL,
  car_id     bigint,
  plate      text NOT NULL,
  country    text NOT NULL,
  confidence real,
  direction  text NOT NULL,
  body       jsonb NOT NULL,
  PRIMARY KEY (event_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX event_plate ON event (plate, at);
CREATE INDEX event_plate_trigrams ON event USING gin (plate gin_trgm_ops);
CREATE INDEX event_device ON event (device, at);

-- What no month takes, such as the events of a camera whose clock was not set. Look here now and then.
CREATE TABLE event_other PARTITION OF event DEFAULT;

CREATE TABLE image (
  event_id text NOT NULL,
  kind     text NOT NULL,
  sha256   text NOT NULL,
  stored   timestamptz NOT NULL DEFAULT now(),
  jpeg     bytea NOT NULL,
  PRIMARY KEY (event_id, kind, sha256)
);
CREATE INDEX image_stored ON image USING brin (stored);

-- A plate as it is looked for: letters and digits only, in capitals.
CREATE FUNCTION normal(plate text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT regexp_replace(upper(plate), '[^[:alnum:]]', '', 'g') $$;

-- Make a month's table. A daily job makes this month's and the next one's:
--   SELECT make_month(now()), make_month(now() + interval '1 month');
-- Should rows of that month lie in event_other already, they move into it.
CREATE FUNCTION make_month(day timestamptz) RETURNS text LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
  begins timestamptz := date_trunc('month', day);
  ends timestamptz := begins + interval '1 month';
  name text := 'event_' || to_char(begins, 'YYYY_MM');
BEGIN
  IF to_regclass(name) IS NOT NULL THEN
    RETURN name;
  END IF;
  EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
  EXECUTE format('WITH moved AS (DELETE FROM event_other WHERE at >= %L AND at < %L RETURNING *)'
    ' INSERT INTO %I SELECT * FROM moved', begins, ends, name);
  EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, begins, ends);
  RETURN name;
END $$;

SELECT make_month(now()), make_month(now() + interval '1 month');
