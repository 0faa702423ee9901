-- The partitions of today and the next three days. Made after access.sql, so that rollgate_owner owns them as it owns those
-- that the janitor makes later.
DO $$
BEGIN
  FOR i IN 1 .. 4 LOOP
    PERFORM rollgate.maintain_events(90, 3);
  END LOOP;
END $$;
