-- Returns the first second (0-59) of a minute that has units in a window, for a window that begins after second `before` of that minute.
-- Valid only where no reset has cleared units of that minute. A refund may have left a second without units. Inlined.
CREATE OR REPLACE FUNCTION rollgate.first_counted(
  secs   smallint[],
  sums   int[],
  before smallint
) RETURNS smallint
LANGUAGE sql IMMUTABLE AS $$
  SELECT secs[width_bucket(rollgate.units_until(secs, sums, before), sums) + 1]
$$;

COMMENT ON FUNCTION rollgate.first_counted IS 'First second of a minute that has units in a window beginning in that minute; inlined';
