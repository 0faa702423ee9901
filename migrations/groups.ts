/** The roles that rights are granted to. They belong to the whole server, so every database of it that has Rollgate uses the same. */

/** Owns every schema, table, view and function. Migrations run as this role. */
export const OWNER = 'rollgate_owner';

/** What a login is made for, and the group that has the rights for it. */
export const GROUPS = {
  /** Applications with the guard: they decide. */
  runtime: 'rollgate_runtime',
  /** The service: what `runtime` and `maintenance` may, the admin API and its staff. */
  service: 'rollgate_admin_api',
  /** Reads the schema rollgate_audit. */
  auditor: 'rollgate_auditor',
  /** A janitor of its own. */
  maintenance: 'rollgate_maintenance',
} as const;

export type Purpose = keyof typeof GROUPS;

/** Every role, in the order in which they are made. */
export const ROLES: readonly string[] = [OWNER, GROUPS.runtime, GROUPS.maintenance, GROUPS.service, GROUPS.auditor];

/** The service decides (its own sign-in is limited) and runs the janitor, besides what it is there for. */
export const MEMBERSHIPS: readonly { readonly member: string; readonly of: string }[] = [
  { member: GROUPS.service, of: GROUPS.runtime },
  { member: GROUPS.service, of: GROUPS.maintenance },
];

/** From this version on, a membership says whether it inherits rights and whether it allows SET ROLE. */
export const MEMBERSHIP_OPTIONS_SINCE = 160_000;

export type RoleMode = 'own' | 'none';
