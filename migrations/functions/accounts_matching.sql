-- `*` stands for any characters and `?` for one; everything else is itself. Only accounts that rollgate.find_accounts finds can match.
CREATE OR REPLACE FUNCTION rollgate.accounts_matching(p_pattern text) RETURNS TABLE (account text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.account
  FROM rollgate.find_accounts(rollgate.encode_part(substring(p_pattern FROM '^[^*?]*')), '', 2147483647) f
  WHERE f.account LIKE translate(regexp_replace(p_pattern, '([\\%_])', '\\\1', 'g'), '*?', '%_')
  ORDER BY f.account COLLATE "C"
$$;

COMMENT ON FUNCTION rollgate.accounts_matching IS 'Known accounts whose name matches a pattern with * (any characters) and ? (one)';
