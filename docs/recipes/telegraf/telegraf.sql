-- Telegraf copies into a table and stops at the first conflict with a key, so repeats may not meet one there. They land in a
-- table without a key, and a trigger hands each row on to `event`, which drops what it has already.
CREATE TABLE telegraf_event (
  at         timestamptz NOT NULL,
  site       text, device text, kind text,
  event_id   text, car_id bigint, plate text, country text, confidence double precision, direction text
);

CREATE FUNCTION from_telegraf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event (event_id, at, site, device, kind, car_id, plate, country, confidence, direction, body)
  VALUES (NEW.event_id, NEW.at, NEW.site, NEW.device, NEW.kind, NEW.car_id, normal(coalesce(NEW.plate, '')),
    coalesce(NEW.country, ''), NEW.confidence, coalesce(NEW.direction, ''), '{}')
  ON CONFLICT DO NOTHING;
  RETURN NULL; -- nothing stays here
END $$;

CREATE TRIGGER hand_on BEFORE INSERT ON telegraf_event FOR EACH ROW EXECUTE FUNCTION from_telegraf();
