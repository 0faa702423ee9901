import { Controller, Get, Inject, NotFoundException, Query, Req, Res } from '@nestjs/common';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { HttpRequest, HttpResponse } from '../../http/http-request.js';
import { problem } from '../../http/problem.js';
import { Route } from '../../http/route.js';
import { validated } from '../../http/validated.js';
import { LOGGER } from '../../logging/logger.js';
import { AccessLog } from '../access-log/access-log.js';
import { addressOf } from '../address.js';
import { ATTEMPT_COOKIE, clearCookie, readCookie, SESSION_COOKIE, setCookie } from '../cookies.js';
import { SignInAttempts, TooManySignIns } from '../sign-in-attempts.js';
import { visitorOf } from '../visitor.js';
import { ATTEMPT_SECONDS, Attempts } from './attempts.js';
import { type Identity, IdentityProvider } from './identity-provider.js';
import type { OidcSettings } from './oidc-settings.js';
import { OidcSignIn } from './oidc-sign-in.js';
import { HOME, returnToText } from './return-to.js';

const startQuery = z.strictObject({ returnTo: returnToText.default(HOME) });

/** Reported to the sign-in screen as `/admin/?signInFailed=<why>`; `too-many` with `&wait=<seconds>`. */
type Failure = 'unavailable' | 'expired' | 'refused' | 'not-allowed' | 'too-many';

interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

@Controller('admin/api/session/oidc')
export class OidcController {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly provider: IdentityProvider,
    private readonly attempts: Attempts,
    private readonly oidcSignIn: OidcSignIn,
    private readonly signInAttempts: SignInAttempts,
    private readonly accessLog: AccessLog,
  ) {}

  @Get('start')
  @Route({
    id: 'startOidcSignIn',
    summary: 'Send the browser to the identity provider',
    access: { publicBecause: 'the sign-in itself' },
    query: startQuery,
    status: 302,
    errors: [404],
  })
  async start(
    @Query(validated(startQuery)) { returnTo }: z.output<typeof startQuery>,
    @Req() request: HttpRequest,
    @Res() response: HttpResponse,
  ): Promise<void> {
    this.#settings();
    const waitSeconds = await this.#waitBefore(request);
    if (waitSeconds !== undefined) {
      response.setHeader('Retry-After', waitSeconds);
      return fail({ request, response }, 'too-many', { wait: String(waitSeconds) });
    }
    const begun = await this.provider.begin().catch((error: unknown) => this.#tell(request, error));
    if (begun === undefined) return fail({ request, response }, 'unavailable');
    const secret = await this.attempts.start({ ...begun.challenge, returnTo });
    setCookie({ request, response }, { names: ATTEMPT_COOKIE, value: secret, maxAgeSeconds: ATTEMPT_SECONDS });
    redirect(response, begun.url.href);
  }

  @Get('callback')
  @Route({
    id: 'finishOidcSignIn',
    summary: 'Where the identity provider sends the browser back to; sets the session cookie',
    access: { publicBecause: 'the sign-in itself' },
    status: 302,
    errors: [404],
  })
  async callback(@Req() request: HttpRequest, @Res() response: HttpResponse): Promise<void> {
    const { roles } = this.#settings();
    const exchange = { request, response };
    const cookie = readCookie(request, ATTEMPT_COOKIE);
    clearCookie(exchange, ATTEMPT_COOKIE);
    const attempt = cookie === undefined ? undefined : await this.attempts.take(cookie);
    if (attempt === undefined) return fail(exchange, 'expired');
    const identity = await this.provider
      .finish(searchOf(request), attempt)
      .catch((error: unknown) => this.#tell(request, error));
    if (identity === undefined) {
      this.#count(request, 'oidc_refused');
      return fail(exchange, 'refused');
    }
    const entered = await this.#enter(exchange, identity, roles);
    if (entered === undefined) return fail(exchange, 'not-allowed');
    setCookie(exchange, { names: SESSION_COOKIE, value: entered.secret });
    redirect(response, attempt.returnTo);
  }

  /**
   * Seconds to wait, if this address started too many sign-ins. A browser follows a link here, so it needs a page, not a
   * 429.
   */
  async #waitBefore(request: HttpRequest): Promise<number | undefined> {
    try {
      await this.signInAttempts.atProvider(addressOf(request));
      return undefined;
    } catch (error) {
      if (!(error instanceof TooManySignIns)) throw error;
      this.#count(request, 'too_many_attempts');
      return error.retryAfterSeconds;
    }
  }

  async #enter(
    { request }: Exchange,
    identity: Identity,
    roles: OidcSettings['roles'],
  ): Promise<{ secret: string } | undefined> {
    const visitor = visitorOf(request);
    const entered = await this.oidcSignIn.enter(identity, { roles, visitor });
    const { address, requestId } = visitor;
    const { issuer, subject } = identity;
    this.logger.info(
      { requestId, address, issuer, subject, staffId: entered?.staffId },
      entered ? 'signed in' : 'sign-in refused: no mapped group, or disabled',
    );
    return entered;
  }

  /** Without a confirmed identity there is no person to name. */
  #count(request: HttpRequest, outcome: 'oidc_refused' | 'too_many_attempts'): void {
    const { address, userAgent = null, requestId } = visitorOf(request);
    this.accessLog.count({ outcome, method: 'oidc', login: null, staffId: null, address, userAgent, requestId });
  }

  /** For the log only: the person who signs in must not see the provider's messages. */
  #tell({ id: requestId }: HttpRequest, error: unknown): undefined {
    const { message, code, error_description: description, cause } = error as Error & Record<string, unknown>;
    const because = cause instanceof Error ? cause.message : undefined;
    this.logger.warn(
      { requestId, reason: message, code, description, because },
      'sign-in at the identity provider failed',
    );
    return undefined;
  }

  #settings(): OidcSettings {
    const { configured } = this.provider;
    if (configured === undefined) throw new NotFoundException(problem(404, 'No identity provider is configured.'));
    return configured;
  }
}

function fail({ response }: Exchange, failure: Failure, more: Readonly<Record<string, string>> = {}): void {
  redirect(response, `${HOME}?${new URLSearchParams({ signInFailed: failure, ...more })}`);
}

function redirect(response: HttpResponse, url: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.redirect(302, url);
}

function searchOf({ originalUrl }: HttpRequest): string {
  const at = originalUrl.indexOf('?');
  return at < 0 ? '' : originalUrl.slice(at);
}
