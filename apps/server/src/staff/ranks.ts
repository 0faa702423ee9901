/** A caller may grant only roles and permissions that it has itself. */
import { ForbiddenException } from '@nestjs/common';
import type { Caller } from '../authentication/caller.js';
import { type Permission, permissionsOf, RANKS, type Role } from '../http/permissions.js';
import { problem } from '../http/problem.js';

/** @throws ForbiddenException if the role, or one of the permissions, exceeds the caller's own */
export function assertMayGive(
  caller: Pick<Caller, 'role' | 'permissions'>,
  { role, permissions = permissionsOf(role) }: { role: Role; permissions?: readonly Permission[] },
): void {
  const above = RANKS.indexOf(role) < RANKS.indexOf(caller.role);
  if (above || permissions.some((permission) => !caller.permissions.has(permission)))
    throw new ForbiddenException(problem(403, "You can't grant or remove permissions you don't have."));
}
