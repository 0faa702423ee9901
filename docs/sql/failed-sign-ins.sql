-- From which addresses did sign-ins fail ten times or more in the last day, for how many logins, and did one of them succeed?
WITH parameters AS (SELECT now() - interval '1 day' AS since, 10 AS least)
SELECT s.address, sum(s.times) FILTER (WHERE s.outcome IN ('wrong_password', 'unknown', 'disabled', 'oidc_refused'))::int AS failed,
       coalesce(sum(s.times) FILTER (WHERE s.outcome = 'too_many_attempts'), 0)::int AS refused_after_too_many,
       count(DISTINCT s.login) FILTER (WHERE s.outcome IN ('wrong_password', 'unknown', 'disabled', 'oidc_refused'))::int AS logins,
       array_agg(DISTINCT s.login ORDER BY s.login) FILTER (WHERE s.outcome = 'signed_in') AS signed_in
FROM rollgate_audit.sign_ins_v1 s
CROSS JOIN parameters p
WHERE s.last_at >= p.since AND s.method <> 'token'
GROUP BY s.address, p.least
HAVING sum(s.times) FILTER (WHERE s.outcome IN ('wrong_password', 'unknown', 'disabled', 'too_many_attempts', 'oidc_refused')) >= p.least
ORDER BY failed DESC, s.address;
