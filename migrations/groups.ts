/** The roles that have the rights. They belong to the whole server, so all its databases with Rollgate share them. */

/** Owns every schema, table, view and function. Migrations run as this role. */
export const OWNER = 'rollgate_owner';

/** Purposes of logins, and the group with the rights for each. */
export const GROUPS = {
  /** Applications, which decide calls. */
  runtime: 'rollgate_runtime',
  /** The service: the rights of `runtime` and `maintenance`, the admin API and its staff. */
  service: 'rollgate_admin_api',
  /** Reads the schema rollgate_audit. */
  auditor: 'rollgate_auditor',
  /** A separate janitor. */
  maintenance: 'rollgate_maintenance',
} as const;

export type Purpose = keyof typeof GROUPS;

/** All roles, in the order in which they are created. */
export const ROLES: readonly string[] = [OWNER, GROUPS.runtime, GROUPS.maintenance, GROUPS.service, GROUPS.auditor];

/** The service also decides calls, because its sign-in is limited, and runs the janitor. */
export const MEMBERSHIPS: readonly { readonly member: string; readonly of: string }[] = [
  { member: GROUPS.service, of: GROUPS.runtime },
  { member: GROUPS.service, of: GROUPS.maintenance },
];

/** The first version whose memberships have the options INHERIT and SET. */
export const MEMBERSHIP_OPTIONS_SINCE = 160_000;

export type RoleMode = 'own' | 'none';
