/** The permissions of staff and machines. The guard, the OpenAPI description and the screens all read this one list. */

export const ROLES = ['viewer', 'support', 'auditor', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Highest first. */
export const RANKS: readonly Role[] = ['admin', 'support', 'auditor', 'viewer'];

export function highestRole(roles: readonly Role[]): Role | undefined {
  return RANKS.find((role) => roles.includes(role));
}

/** Each permission and the roles that have it. Service tokens list permissions by name, as scopes. */
export const PERMISSIONS = {
  'accounts.read': ['viewer', 'support', 'auditor', 'admin'],
  'overrides.read': ['viewer', 'support', 'auditor', 'admin'],
  'overrides.write': ['support', 'admin'],
  /** Emptying the windows of subjects. */
  'windows.reset': ['support', 'admin'],
  'requests.read': ['viewer', 'support', 'auditor', 'admin'],
  'requests.decide': ['support', 'admin'],
  'events.read': ['viewer', 'support', 'auditor', 'admin'],
  'history.read': ['viewer', 'support', 'auditor', 'admin'],
  'plans.read': ['viewer', 'support', 'auditor', 'admin'],
  /** Assigning plans to accounts, within the approval limit of the role. */
  'plans.assign': ['support', 'admin'],
  'plans.write': ['admin'],
  'catalogue.read': ['viewer', 'support', 'auditor', 'admin'],
  'catalogue.write': ['admin'],
  export: ['support', 'auditor', 'admin'],
  'staff.read': ['auditor', 'admin'],
  'staff.write': ['admin'],
  'system.read': ['viewer', 'support', 'auditor', 'admin'],
  'decisions.write': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as [Permission, ...Permission[]];

export function permissionsOf(role: Role): Permission[] {
  return PERMISSION_NAMES.filter((name) => (PERMISSIONS[name] as readonly Role[]).includes(role));
}
