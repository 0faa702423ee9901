-- The partitions of today and the next three days.
DO $$
BEGIN
  FOR i IN 1 .. 4 LOOP
    PERFORM rollgate.maintain_events(90, 3);
  END LOOP;
END $$;
