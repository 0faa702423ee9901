-- The lane of an account: FNV-1a (32 bit) over UTF-16 units, with the high half folded in (laneOf in
-- libs/limiter/src/subject/subject-key.ts; a test compares the two).
CREATE OR REPLACE FUNCTION rollgate.lane_of(p_account text) RETURNS int
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  v_hash bigint := 2166136261;
  v_code int;
  v_char text;
BEGIN
  FOREACH v_char IN ARRAY string_to_array(rollgate.encode_part(p_account), NULL) LOOP
    v_code := ascii(v_char);
    IF v_code > 65535 THEN
      v_hash := (v_hash # (55232 + (v_code >> 10))) * 16777619 & 4294967295;
      v_code := 56320 + (v_code & 1023);
    END IF;
    v_hash := (v_hash # v_code) * 16777619 & 4294967295;
  END LOOP;
  RETURN (v_hash # (v_hash >> 15)) % 64;
END $$;

COMMENT ON FUNCTION rollgate.lane_of IS 'The lane of an account, as the instances compute it';
