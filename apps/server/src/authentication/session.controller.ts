import {
  Body,
  Controller,
  Delete,
  ForbiddenException,
  Get,
  Inject,
  Post,
  Req,
  Res,
  UnauthorizedException,
} from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { HttpRequest, HttpResponse } from '../http/http-request.js';
import { permissionsOf, type Role } from '../http/permissions.js';
import { problem } from '../http/problem.js';
import { Route } from '../http/route.js';
import { validated } from '../http/validated.js';
import { LOGGER } from '../logging/logger.js';
import { AUTHENTICATION_SETTINGS, type AuthenticationSettings } from './authentication-settings.js';
import { authorOf, type Caller, FromCaller } from './caller.js';
import { clearCookie, readCookie, SESSION_COOKIE, setCookie } from './cookies.js';
import { assertSameOrigin } from './cross-site.js';
import { START_PATH } from './oidc/identity-provider.js';
import { ownPasswordBody, sessionSchema, signInBody } from './session.schemas.js';
import { type SessionEnd, Sessions, type SignedIn } from './sessions.js';
import { SignIn } from './sign-in.js';
import { TooManySignIns } from './sign-in-attempts.js';
import { visitorOf } from './visitor.js';

type SessionView = z.output<typeof sessionSchema>;

const SIGNED_IN_EXAMPLE: SessionView = {
  signedIn: true,
  staff: { id: 'stf_4', login: 'ann@example.com', displayName: 'Ann', role: 'support', signsInBy: 'password' },
  permissions: ['accounts.read', 'overrides.read', 'overrides.write'],
  ceilings: { times: 10, days: 30 },
  idleEndsAt: '2026-03-02T09:30:00.000Z',
  endsAt: '2026-03-02T21:00:00.000Z',
  environment: 'production',
};

@Controller('admin/api')
export class SessionController {
  constructor(
    @Inject(AUTHENTICATION_SETTINGS) private readonly settings: AuthenticationSettings,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly database: DataSource,
    private readonly sessions: Sessions,
    private readonly signIn: SignIn,
  ) {}

  @Get('session')
  @Route({
    id: 'getSession',
    summary: 'Who is signed in, and what that person may do; or how to sign in',
    access: { publicBecause: 'the sign-in screen asks it first' },
    response: sessionSchema,
    example: SIGNED_IN_EXAMPLE,
  })
  async get(@Req() request: HttpRequest, @Res({ passthrough: true }) response: HttpResponse): Promise<SessionView> {
    response.setHeader('Cache-Control', 'no-store');
    const secret = readCookie(request, SESSION_COOKIE);
    const session = secret === undefined ? undefined : await this.sessions.find(secret);
    if (session !== undefined) return this.#viewOf(session);
    const { oidc } = this.settings;
    const provider = oidc && { issuer: oidc.issuer, startPath: START_PATH };
    return { signedIn: false, methods: { local: true, oidc: provider ?? null } };
  }

  @Post('session')
  @Route({
    id: 'signIn',
    summary: 'Sign in with login and password; sets the session cookie',
    access: { publicBecause: 'the sign-in itself' },
    body: signInBody,
    response: sessionSchema,
    example: SIGNED_IN_EXAMPLE,
    errors: [401, 403, 429],
  })
  async start(
    @Body(validated(signInBody)) body: z.output<typeof signInBody>,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<SessionView> {
    response.setHeader('Cache-Control', 'no-store');
    assertSameOrigin(request, this.settings.publicUrl);
    const visitor = visitorOf(request);
    const signedIn = await tellingWhen(response, this.signIn.withPassword(body, visitor));
    // Do not log the login: people sometimes type their password there. The access log has it, for auditors only.
    this.logger.info(
      { requestId: visitor.requestId, address: visitor.address, staffId: signedIn?.staffId },
      signedIn ? 'signed in' : 'sign-in refused',
    );
    if (signedIn === undefined) throw new UnauthorizedException(problem(401, 'Login or password is wrong.'));
    setCookie({ request, response }, { names: SESSION_COOKIE, value: signedIn.secret });
    const session = await this.sessions.find(signedIn.secret);
    if (session === undefined) throw new Error('the session that was just made is not there');
    return this.#viewOf(session);
  }

  @Delete('session')
  @Route({ id: 'signOut', summary: 'Sign out here', access: { signedIn: true }, status: 204 })
  async end(
    @FromCaller() caller: Caller,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<void> {
    if (caller.sessionId !== undefined) await this.sessions.end(caller.sessionId, signOutOf(caller));
    clearCookie({ request, response }, SESSION_COOKIE);
  }

  @Delete('sessions')
  @Route({
    id: 'signOutEverywhere',
    summary: 'Sign out wherever this person is signed in',
    access: { signedIn: true },
    status: 204,
  })
  async endAll(
    @FromCaller() caller: Caller,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<void> {
    if (caller.staffId !== undefined) await this.sessions.endAll(caller.staffId, { end: signOutOf(caller) });
    clearCookie({ request, response }, SESSION_COOKIE);
  }

  @Post('session/password')
  @Route({
    id: 'changeOwnPassword',
    summary: 'Another password for who is signed in; the other sessions of that person end',
    access: { signedIn: true },
    body: ownPasswordBody,
    status: 204,
    errors: [403, 409, 422, 429],
  })
  async changePassword(
    @Body(validated(ownPasswordBody)) body: z.output<typeof ownPasswordBody>,
    @FromCaller() caller: Caller,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<void> {
    const { staffId, sessionId } = caller;
    if (staffId === undefined) throw new ForbiddenException(problem(403, 'A token has no password.'));
    const person = { ...visitorOf(request), staffId, sessionId };
    await tellingWhen(response, this.signIn.changePassword(person, body, authorOf(caller)));
  }

  async #viewOf({ staff, idleEndsAt, endsAt }: SignedIn): Promise<SessionView> {
    return {
      signedIn: true,
      staff,
      permissions: permissionsOf(staff.role),
      ceilings: await this.#ceilingsOf(staff.role),
      idleEndsAt: idleEndsAt.toISOString(),
      endsAt: endsAt.toISOString(),
      environment: this.settings.environment,
    };
  }

  async #ceilingsOf(role: Role): Promise<{ times: number | null; days: number | null } | null> {
    const rows = await this.database.query<{ times: number | null; days: number | null }[]>(
      'SELECT times, days FROM rollgate.ceiling WHERE role = $1',
      [role],
    );
    return rows[0] ?? null;
  }
}

function signOutOf({ address, requestId }: Caller): SessionEnd {
  return { outcome: 'signed_out', address, requestId };
}

/** Adds `Retry-After` if there were too many attempts. */
async function tellingWhen<T>(response: HttpResponse, attempt: Promise<T>): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    if (error instanceof TooManySignIns) response.setHeader('Retry-After', error.retryAfterSeconds);
    throw error;
  }
}
