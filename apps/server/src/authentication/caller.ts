/** The caller of a request to the admin API, as identified by the access guard. */
import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext, ForbiddenException } from '@nestjs/common';
import type { HttpRequest } from '../http/http-request.js';
import type { Permission, Role } from '../http/permissions.js';
import { problem } from '../http/problem.js';
import { addressOf } from './address.js';

export interface Caller {
  readonly kind: 'staff' | 'token';
  /** As the history names it: `staff:ann@example.com`, `token:ci`. */
  readonly actor: string;
  /** Decides the approval limit. A token's role is `support` unless it was created with a higher one. */
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
  readonly address: string;
  /** HTTP request ID. */
  readonly requestId: string;
  /** Staff only. */
  readonly staffId?: string;
  readonly sessionId?: string;
}

/** What the access guard adds to a request. */
export interface CallerRequest {
  caller?: Caller;
}

/** `@FromCaller() caller: Caller`: always defined behind the access guard. */
export const FromCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<CallerRequest>();
  if (caller === undefined) throw new Error('no caller: the route is not behind the access guard');
  return caller;
});

/** @throws ForbiddenException that names the permission the caller lacks */
export function assertMay({ permissions }: Caller, permission: Permission): void {
  if (!permissions.has(permission))
    throw new ForbiddenException(problem(403, `This needs the permission "${permission}".`));
}

/** The parameters of `ROW(…)::rollgate.author`. */
export function authorOf({ actor, role, address, requestId }: Caller): [string, string, string, string] {
  return [actor, role, address, requestId];
}

/** Where a request comes from, and its ID. */
export function traceOf(request: HttpRequest): { address: string; requestId: string } {
  return {
    address: addressOf(request),
    requestId: typeof request.id === 'string' ? request.id : randomUUID(),
  };
}
