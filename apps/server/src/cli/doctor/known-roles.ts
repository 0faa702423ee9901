/** Roles whose members have rights on limits (migrations/access.sql). Members are programs and people. */
export const GROUPS = ['rollgate_runtime', 'rollgate_admin_api', 'rollgate_maintenance', 'rollgate_auditor'] as const;

const groups = GROUPS.map((name) => `'${name}'`).join(', ');

/** A common table expression `logins`: the rows of pg_roles that can sign in and have the rights of one of the groups. */
export const MEMBER_LOGINS = `groups AS (SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname IN (${groups})),
    logins AS (
      SELECT r.* FROM pg_catalog.pg_roles r
      WHERE r.rolcanlogin AND NOT r.rolsuper AND EXISTS (SELECT FROM groups g WHERE pg_has_role(r.oid, g.oid, 'MEMBER'))
    )`;
