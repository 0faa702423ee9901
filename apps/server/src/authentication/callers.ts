/** Identifies the caller of a request: a person by the session cookie, or a machine by its service token. */
import { Inject, Injectable } from '@nestjs/common';
import type { HttpRequest } from '../http/http-request.js';
import { type Permission, permissionsOf } from '../http/permissions.js';
import { AccessLog } from './access-log/access-log.js';
import { AUTHENTICATION_SETTINGS, type AuthenticationSettings } from './authentication-settings.js';
import { type Caller, traceOf } from './caller.js';
import { readCookie, SESSION_COOKIE } from './cookies.js';
import { assertOwnRequest } from './cross-site.js';
import { Sessions } from './sessions.js';
import { ValidTokens } from './valid-tokens.js';

@Injectable()
export class Callers {
  constructor(
    private readonly sessions: Sessions,
    private readonly tokens: ValidTokens,
    private readonly accessLog: AccessLog,
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
    this.#note(request, token?.name);
    if (token === undefined) return undefined;
    const { name, role, permissions } = token;
    return { kind: 'token', actor: `token:${name}`, role, permissions: new Set(permissions), ...traceOf(request) };
  }

  /** Counts the use of a token, or a refusal. A decision does not wait for the record. */
  #note(request: HttpRequest, login: string | undefined): void {
    this.accessLog.count({
      outcome: login === undefined ? 'token_refused' : 'token_used',
      method: 'token',
      login: login ?? null,
      staffId: null,
      userAgent: request.headers['user-agent'] ?? null,
      ...traceOf(request),
    });
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
