-- What may not be kept.

-- Retention, as a daily job: SELECT forget_before(now() - interval '30 days');
-- Whole months go as tables, at once and without a trace in the others; the rest, and pictures, row by row.
CREATE FUNCTION forget_before(limit_at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  one record;
  gone bigint := 0;
  rows bigint;
BEGIN
  FOR one IN
    SELECT child.relname AS name, substring(child.relname FROM '^event_(\d{4}_\d\d)$') AS month
    FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid WHERE inhparent = 'event'::regclass
  LOOP
    IF (to_date(one.month, 'YYYY_MM')::timestamp AT TIME ZONE 'UTC') + interval '1 month' <= limit_at THEN
      EXECUTE format('SELECT count(*) FROM %I', one.name) INTO rows;
      EXECUTE format('DROP TABLE %I', one.name);
      gone := gone + rows;
    END IF;
  END LOOP;
  DELETE FROM event WHERE at < limit_at;
  GET DIAGNOSTICS rows = ROW_COUNT;
  DELETE FROM image WHERE stored < limit_at;
  RETURN gone + rows;
END $$;

-- Erasure of one plate, whoever asks for it: SELECT erase_plate('B-XY 1234');
-- All events of the vehicles that ever bore it, with their pictures; an Update's plate before it counts, too. What PostgreSQL deletes
-- lies in its files until VACUUM, and in its write-ahead log and your backups until those are overwritten.
CREATE FUNCTION erase_plate(wanted text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  rows bigint;
BEGIN
  CREATE TEMPORARY TABLE erased ON COMMIT DROP AS
    SELECT DISTINCT other.event_id FROM event AS bearer
    JOIN event AS other ON other.event_id = bearer.event_id
      OR (other.device = bearer.device AND other.car_id = bearer.car_id)
    WHERE bearer.plate = normal(wanted)
      OR normal(bearer.body #>> '{cammra_edge,previous_plate}') = normal(wanted);
  DELETE FROM image USING erased WHERE image.event_id = erased.event_id;
  DELETE FROM event USING erased WHERE event.event_id = erased.event_id;
  GET DIAGNOSTICS rows = ROW_COUNT;
  DROP TABLE erased;
  RETURN rows;
END $$;

-- For those who may count and compare, but not keep plates: a keyed hash that is another one each day. Within a day a vehicle is
-- the same at every camera, so journeys can be timed; from one day to the next nobody can tell. Delete the day's key, and
-- nobody can try plates against the hashes either: without that a hash of so few possible plates hides nothing.
CREATE TABLE day_key (
  day date PRIMARY KEY,
  key bytea NOT NULL DEFAULT gen_random_bytes(32)
);

CREATE FUNCTION hashed(plate text, at timestamptz) RETURNS bytea LANGUAGE sql AS $$
  INSERT INTO day_key (day) VALUES ((at AT TIME ZONE 'UTC')::date) ON CONFLICT DO NOTHING;
  SELECT hmac(convert_to(normal(plate), 'UTF8'), key, 'sha256') FROM day_key WHERE day = (at AT TIME ZONE 'UTC')::date
$$;

CREATE TABLE passage (
  event_id text PRIMARY KEY,
  at       timestamptz NOT NULL,
  device   text NOT NULL,
  vehicle  bytea NOT NULL
);

-- Every few minutes, from a job: plates of what is older become hashes, and the events and pictures go.
CREATE FUNCTION hash_before(limit_at timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  rows bigint;
BEGIN
  INSERT INTO passage
    SELECT event_id, at, device, hashed(plate, at) FROM event
    WHERE at < limit_at AND kind = 'reliable' AND plate <> '' ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS rows = ROW_COUNT;
  DELETE FROM image USING event WHERE image.event_id = event.event_id AND event.at < limit_at;
  DELETE FROM event WHERE at < limit_at;
  RETURN rows;
END $$;

-- Each night, once nothing of the day before comes any more:
--   DELETE FROM day_key WHERE day < current_date - 1;
