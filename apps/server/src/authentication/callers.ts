/** Identifies the caller of a request: a person by the session cookie, or a machine by its service token. */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { HttpRequest } from '../http/http-request.js';
import { type Permission, permissionsOf } from '../http/permissions.js';
import { addressOf } from './address.js';
import { AUTHENTICATION_SETTINGS, type AuthenticationSettings } from './authentication-settings.js';
import type { Caller } from './caller.js';
import { readCookie, SESSION_COOKIE } from './cookies.js';
import { assertOwnRequest } from './cross-site.js';
import { Sessions } from './sessions.js';
import { ValidTokens } from './valid-tokens.js';

@Injectable()
export class Callers {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: ValidTokens,
    @Inject(AUTHENTICATION_SETTINGS) private readonly settings: AuthenticationSettings,
  ) {}

  /**
   * Returns undefined for an unknown caller. For a request with an `Authorization` header the cookie is ignored.
   * @throws ForbiddenException for a change by cookie that another site may have sent
   */
  async find(request: HttpRequest): Promise<Caller | undefined> {
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.#byToken(request, authorization);
    const secret = readCookie(request, SESSION_COOKIE);
    return secret === undefined ? undefined : this.#bySession(request, secret);
  }

  async #byToken(request: HttpRequest, authorization: string): Promise<Caller | undefined> {
    const secret = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const token = secret === undefined ? undefined : await this.tokens.find(secret);
    if (token === undefined) return undefined;
    const { name, role, permissions } = token;
    return { kind: 'token', actor: `token:${name}`, role, permissions: new Set(permissions), ...traceOf(request) };
  }

  async #bySession(request: HttpRequest, secret: string): Promise<Caller | undefined> {
    const session = await this.sessions.find(secret);
    if (session === undefined) return undefined;
    assertOwnRequest(request, this.settings.publicUrl);
    const { id, staff } = session;
    return {
      kind: 'staff',
      actor: `staff:${staff.login}`,
      role: staff.role,
      permissions: new Set<Permission>(permissionsOf(staff.role)),
      ...traceOf(request),
      staffId: staff.id,
      sessionId: id,
    };
  }
}

function traceOf(request: HttpRequest): { address: string; requestId: string } {
  return {
    address: addressOf(request),
    requestId: typeof request.id === 'string' ? request.id : randomUUID(),
  };
}
