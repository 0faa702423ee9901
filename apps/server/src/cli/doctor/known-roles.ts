import { GROUPS, MEMBERSHIP_OPTIONS_SINCE } from '@rollgate/migrations';

const groups = Object.values(GROUPS)
  .map((name) => `'${name}'`)
  .join(', ');

/**
 * Common table expressions: `logins` are the rows of pg_roles that can sign in and have the rights of one of the groups,
 * `auditors` are those that may read the audit views. Both are empty in a database without groups. From Postgres 16 on, the
 * creator of a group is a member that may grant it but has none of its rights; it is not counted as a login.
 */
export const MEMBER_LOGINS = `groups AS (SELECT oid, rolname FROM pg_catalog.pg_roles WHERE rolname IN (${groups})),
    logins AS (
      SELECT r.* FROM pg_catalog.pg_roles r
      WHERE r.rolcanlogin AND NOT r.rolsuper AND EXISTS (
        SELECT FROM groups g
        WHERE pg_has_role(r.oid, g.oid, 'USAGE')
          OR pg_has_role(r.oid, g.oid, CASE WHEN current_setting('server_version_num')::int >= ${MEMBERSHIP_OPTIONS_SINCE} THEN 'SET' ELSE 'MEMBER' END))
    ),
    auditors AS (
      SELECT l.* FROM logins l JOIN groups g ON g.rolname = '${GROUPS.auditor}' WHERE pg_has_role(l.oid, g.oid, 'USAGE')
    )`;
