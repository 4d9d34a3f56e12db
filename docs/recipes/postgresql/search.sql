-- Looking for plates, and for ways. Each is a function, so that a dashboard needs no more than its name.

-- Exactly this plate, however it is written: SELECT * FROM plate_is('b-xy 1234');
CREATE FUNCTION plate_is(wanted text) RETURNS SETOF event LANGUAGE sql STABLE AS
$$ SELECT * FROM event WHERE plate = normal(wanted) ORDER BY at DESC $$;

-- With wildcards, * any text and ? one character: SELECT * FROM plate_like('B?Y*34');
CREATE FUNCTION plate_like(wanted text) RETURNS SETOF event LANGUAGE sql STABLE AS $$
  SELECT * FROM event
  WHERE plate LIKE translate(regexp_replace(upper(wanted), '[^[:alnum:]*?]', '', 'g'), '*?', '%_')
  ORDER BY at DESC
$$;

-- Read nearly like this one, the nearest first: SELECT * FROM plate_near('BXY1234', 2);
-- The trigrams' index finds what is similar, the distance in letters decides. Of a plate of five characters, two that differ may leave
-- no trigram in common: then only a search without the index would find it.
CREATE FUNCTION plate_near(wanted text, letters integer DEFAULT 1) RETURNS TABLE (differ integer, found event)
LANGUAGE sql STABLE SET pg_trgm.similarity_threshold = 0.1 AS $$
  SELECT levenshtein_less_equal(plate, normal(wanted), letters), event FROM event
  WHERE plate % normal(wanted) AND length(plate) < 64
    AND levenshtein_less_equal(plate, normal(wanted), letters) <= letters
  ORDER BY 1, at DESC
$$;

-- How long vehicles took from one camera to another: SELECT * FROM journeys('gate-1', 'gate-7', now() - interval '1 hour', now());
-- Reliable alone, so that each vehicle counts once at each camera; of several passes the last before, and the first after.
CREATE FUNCTION journeys(
  from_device text, to_device text, since timestamptz, until timestamptz, longest interval DEFAULT '2 hours'
) RETURNS TABLE (plate text, left_at timestamptz, took interval) LANGUAGE sql STABLE AS $$
  SELECT DISTINCT ON (there.plate, here.at) there.plate, here.at, there.at - here.at
  FROM event AS there
  JOIN LATERAL (
    SELECT at FROM event AS one
    WHERE one.plate = there.plate AND one.device = from_device AND one.kind = 'reliable'
      AND one.at < there.at AND one.at > there.at - longest
    ORDER BY at DESC LIMIT 1
  ) AS here ON true
  WHERE there.device = to_device AND there.kind = 'reliable' AND there.plate <> ''
    AND there.at BETWEEN since AND until
  ORDER BY there.plate, here.at, there.at
$$;

-- The middle one and the slow ones of the last hour:
--   SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY took) FROM journeys('gate-1', 'gate-7', now() - interval '1 hour', now());
