CREATE OR REPLACE VIEW rollgate_audit.sign_ins_v1 AS
SELECT l.id, l.first_at, l.last_at, l.times, l.outcome, l.method, l.login, l.staff_id, p.role AS staff_role, l.address, l.user_agent,
       l.request_id
FROM rollgate.sign_in_log l
LEFT JOIN rollgate.staff p ON p.id = l.staff_id;

COMMENT ON VIEW rollgate_audit.sign_ins_v1 IS
  'Who signed in to the service and who tried to, who signed out, whose session ended, and which tokens were used. Kept for 400 days by '
  'default';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.id         IS 'order in which the rows were recorded';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.first_at   IS 'when, or the first time';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.last_at    IS 'the last time; the same as first_at unless times is above 1';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.times      IS
  'how often: refusals without a login are one row a minute and address, uses of a token one row an hour and address';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.outcome    IS
  'signed_in; wrong_password; unknown: no such login; disabled: the password was right; too_many_attempts; oidc_refused: the identity '
  'provider or the role map refused; signed_out; session_ended: it expired, was replaced, or was ended by an admin or a new password; '
  'token_used; token_refused: unknown, expired or revoked';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.method     IS 'password, oidc or token';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.login      IS
  'login as typed, or of the person; name of the token; NULL: not known, or rows of many logins';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.staff_id   IS 'id of the person with that login; NULL: none, or a token';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.staff_role IS 'role of that person now';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.address    IS 'network address; of an ended session, the address of its sign-in';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.user_agent IS 'browser or program, as it names itself';
COMMENT ON COLUMN rollgate_audit.sign_ins_v1.request_id IS 'HTTP request ID of the first time; NULL: not a request, or many';
