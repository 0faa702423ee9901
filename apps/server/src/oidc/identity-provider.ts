/** The identity provider, as openid-client speaks with it: the code flow with PKCE, state and nonce. */
import { Inject, Injectable } from '@nestjs/common';
import * as client from 'openid-client';
import type { Settings } from '../settings.js';
import { SETTINGS } from '../settings.module.js';
import type { OidcSettings } from './oidc-settings.js';

export const START_PATH = '/admin/api/session/oidc/start';
export const CALLBACK_PATH = '/admin/api/session/oidc/callback';

const ANSWER_SECONDS = 10;
/** Of the two machines' clocks. */
const CLOCK_TOLERANCE_SECONDS = 30;
/** Keys are looked up by themselves when they change; endpoints hardly ever do. */
const DISCOVERY_HOLDS_MS = 3_600_000;

/** What a browser is sent away with, to be compared when it comes back. */
export interface Challenge {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** What the provider says of who signed in there. */
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

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** undefined: none is configured. */
  get configured(): OidcSettings | undefined {
    return this.settings.oidc;
  }

  /** Where to send a browser. @throws when the provider does not answer */
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

  /** `search`: the query with which the browser came back. @throws for anything that is not as it was asked for */
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

  /** Some providers tell groups only when they are asked for them with the access token. */
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

  /** Looked up when first needed, not at the start: the service serves while the provider is away. */
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
  // The settings allow http on this machine alone.
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

/** Basic is what a provider that says nothing takes (OpenID Connect Discovery 1.0, section 3). */
function clientAuthentication(
  { token_endpoint_auth_methods_supported: methods }: client.ServerMetadata,
  secret: string | undefined,
): client.ClientAuth {
  if (secret === undefined) return client.None();
  const basic = methods === undefined || methods.includes('client_secret_basic');
  return basic ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

/** Asked for only where it is known: some refuse a scope that they don't know. */
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
