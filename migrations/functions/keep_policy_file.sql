-- The content is what the database and the file had in common. Replacing it is no change of the policy, so the history has no row.
CREATE OR REPLACE FUNCTION rollgate.keep_policy_file(p_hash text, p_content jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM rollgate.policy_file f WHERE f.kept_at < clock_timestamp() - interval '400 days';
  INSERT INTO rollgate.policy_file AS f (hash, content, kept_at) VALUES (p_hash, p_content, clock_timestamp())
  ON CONFLICT (hash) DO UPDATE SET content = excluded.content, kept_at = excluded.kept_at;
$$;

COMMENT ON FUNCTION rollgate.keep_policy_file IS
  'Remembers what a policy file and the database had in common, under the hash of the export that the file began as; removes those not '
  'used for 400 days';
