/** Who may make whom: nobody gives away more than it has. */
import { ForbiddenException } from '@nestjs/common';
import type { Caller } from '../access/caller.js';
import { type Permission, permissionsOf, type Role } from '../access/permissions.js';
import { problem } from '../http/problem.js';

/** Highest first. */
export const RANKS: readonly Role[] = ['admin', 'support', 'auditor', 'viewer'];

export function highestRole(roles: readonly Role[]): Role | undefined {
  return RANKS.find((role) => roles.includes(role));
}

/** @throws ForbiddenException where the role, or one of the permissions, is above the caller's own */
export function assertMayGive(
  caller: Pick<Caller, 'role' | 'permissions'>,
  { role, permissions = permissionsOf(role) }: { role: Role; permissions?: readonly Permission[] },
): void {
  const above = RANKS.indexOf(role) < RANKS.indexOf(caller.role);
  if (above || permissions.some((permission) => !caller.permissions.has(permission)))
    throw new ForbiddenException(problem(403, 'Nobody gives, or takes away, more than it may do itself.'));
}
