-- The finished minutes of rollgate.bucket, and the current minute of each head of rollgate.counter, in the same form.
CREATE OR REPLACE VIEW rollgate.minutes_on_record AS
SELECT b.lane, b.subject, b.minute, b.start, b.secs, b.sums FROM rollgate.bucket b
UNION ALL
SELECT c.lane, c.subject, c.minute, c.total - c.sums[cardinality(c.sums)], c.secs, c.sums FROM rollgate.counter c;

COMMENT ON VIEW rollgate.minutes_on_record IS 'Every minute in which a subject was granted units, as far back as minutes are kept';
COMMENT ON COLUMN rollgate.minutes_on_record.start IS 'total of the subject at the start of the minute';
COMMENT ON COLUMN rollgate.minutes_on_record.secs  IS 'the seconds (0-59) of the minute that have units, ascending';
COMMENT ON COLUMN rollgate.minutes_on_record.sums  IS 'for each entry of secs: units of the minute up to and including that second';
