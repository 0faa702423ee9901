/** Connects to the identity provider through openid-client: the code flow with PKCE, state and nonce. */
import { Inject, Injectable } from '@nestjs/common';
import * as client from 'openid-client';
import { AUTHENTICATION_SETTINGS, type AuthenticationSettings } from '../authentication-settings.js';
import type { OidcSettings } from './oidc-settings.js';

export const START_PATH = '/admin/api/session/oidc/start';
const CALLBACK_PATH = '/admin/api/session/oidc/callback';

const ANSWER_SECONDS = 10;
/** Tolerated difference between the two machines' clocks. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** Changed keys are fetched automatically; endpoints hardly ever change. */
const DISCOVERY_HOLDS_MS = 3_600_000;

/** The values of a sign-in request, compared when the browser returns. */
export interface Challenge {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The provider's claims about the person who signed in. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly groups: readonly string[];
}

interface Discovered {
  readonly configuration: Promise<client.Configuration>;
  readonly at: number;
}

@Injectable()
export class IdentityProvider {
  #discovered: Discovered | undefined;

  constructor(@Inject(AUTHENTICATION_SETTINGS) private readonly settings: AuthenticationSettings) {}

  /** undefined: no provider is configured. */
  get configured(): OidcSettings | undefined {
    return this.settings.oidc;
  }

  /** The URL to redirect the browser to. @throws if the provider does not respond */
  async begin(): Promise<{ url: URL; challenge: Challenge }> {
    const configuration = await this.#configuration();
    const challenge = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    };
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: `${this.settings.publicUrl}${CALLBACK_PATH}`,
      scope: scopeOf(configuration),
      state: challenge.state,
      nonce: challenge.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(challenge.verifier),
      code_challenge_method: 'S256',
    });
    return { url, challenge };
  }

  /** `search`: the query with which the browser returned. @throws if anything differs from the sign-in request */
  async finish(search: string, { state, nonce, verifier }: Challenge): Promise<Identity> {
    const configuration = await this.#configuration();
    const tokens = await client.authorizationCodeGrant(
      configuration,
      new URL(`${this.settings.publicUrl}${CALLBACK_PATH}${search}`),
      { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true },
    );
    const idToken = tokens.claims();
    if (idToken === undefined) throw new Error('the identity provider sent no ID token');
    const claims = await this.#allClaims(configuration, { idToken, accessToken: tokens.access_token });
    return {
      issuer: idToken.iss,
      subject: idToken.sub,
      email: claims['email_verified'] === false ? undefined : text(claims['email']),
      name: text(claims['name']),
      groups: groupsOf(claims[this.#settings().groupsClaim]),
    };
  }

  /** Some providers return groups only from the userinfo endpoint, which needs the access token. */
  async #allClaims(
    configuration: client.Configuration,
    { idToken, accessToken }: { idToken: client.IDToken; accessToken: string },
  ): Promise<Readonly<Record<string, unknown>>> {
    const complete = idToken[this.#settings().groupsClaim] !== undefined;
    if (complete || configuration.serverMetadata().userinfo_endpoint === undefined) return idToken;
    return { ...(await client.fetchUserInfo(configuration, accessToken, idToken.sub)), ...idToken };
  }

  #settings(): OidcSettings {
    if (this.settings.oidc === undefined) throw new Error('no identity provider is configured');
    return this.settings.oidc;
  }

  /** Discovery runs when first needed, not at the start, so the service can serve while the provider is unavailable. */
  #configuration(): Promise<client.Configuration> {
    const now = performance.now();
    if (this.#discovered !== undefined && now - this.#discovered.at < DISCOVERY_HOLDS_MS)
      return this.#discovered.configuration;
    const discovered = { configuration: discover(this.#settings()), at: now };
    this.#discovered = discovered;
    discovered.configuration.catch(() => {
      if (this.#discovered === discovered) this.#discovered = undefined;
    });
    return discovered.configuration;
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<client.Configuration> {
  const server = new URL(issuer);
  // The settings allow http for this machine only.
  const execute = server.protocol === 'http:' ? [client.allowInsecureRequests] : [];
  const timeout = ANSWER_SECONDS;
  const found = await client.discovery(server, clientId, undefined, client.None(), { execute, timeout });
  const metadata = { [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS };
  const serverMetadata = found.serverMetadata();
  const configuration = new client.Configuration(
    serverMetadata,
    clientId,
    metadata,
    clientAuthentication(serverMetadata, clientSecret),
  );
  configuration.timeout = timeout;
  for (const apply of [...execute, client.enableNonRepudiationChecks]) apply(configuration);
  return configuration;
}

/** A provider that does not list its methods accepts Basic (OpenID Connect Discovery 1.0, section 3). */
function clientAuthentication(
  { token_endpoint_auth_methods_supported: methods }: client.ServerMetadata,
  secret: string | undefined,
): client.ClientAuth {
  if (secret === undefined) return client.None();
  const basic = methods === undefined || methods.includes('client_secret_basic');
  return basic ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

/** Request the scope only if the provider supports it: some providers refuse an unknown scope. */
function scopeOf(configuration: client.Configuration): string {
  const known = configuration.serverMetadata().scopes_supported ?? [];
  return ['openid', 'profile', 'email', ...(known.includes('groups') ? ['groups'] : [])].join(' ');
}

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim.trim() !== '' ? claim.trim() : undefined;
}

function groupsOf(claim: unknown): string[] {
  return [claim].flat().filter((group) => typeof group === 'string');
}
