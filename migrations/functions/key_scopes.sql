-- The second part of a subject's key: an API, or @ and a group whose APIs are counted together (rollgate.api_of_scope).
CREATE OR REPLACE VIEW rollgate.key_scopes AS
SELECT s.scope, c.api, c.group_id, d.per_minute, d.per_hour, CASE WHEN c.shadow THEN 'shadow' ELSE 'enforced' END AS mode
FROM (
  SELECT a.api AS scope FROM rollgate.catalogue a
  UNION
  SELECT '@' || g.group_id FROM rollgate.catalogue g WHERE g.scope = 'group'
) s
JOIN rollgate.catalogue c ON c.api = rollgate.api_of_scope(s.scope)
CROSS JOIN LATERAL rollgate.default_limits(c) d;

COMMENT ON VIEW rollgate.key_scopes IS
  'The scopes that the keys of subjects can name, with the API whose limits apply, its default limits and its default mode';
