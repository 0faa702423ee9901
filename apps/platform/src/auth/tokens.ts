/**
 * Bearer tokens: JWTs with HS256 from one issuer. The account of a call comes only from its token.
 *
 * Invariant: the algorithm is fixed and not taken from the token, and a token without an expiry is rejected.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { canonicalId, idProblem } from '../access/ids.js';
import { BoundedMap } from '../bounded-map.js';

export interface Identity {
  readonly account: string;
  /** The name of the calling program, if the token has one. */
  readonly app: string | undefined;
}

const ALGORITHM = 'HS256';
const ISSUER = 'rollgate-platform';
/** A key shorter than the hash is easier to guess than to break (RFC 7518, 3.2). */
export const MIN_SECRET_BYTES = 32;
const REMEMBERED_TOKENS = 10_000;
/** Longer tokens are rejected without verification, so that the cache stays small. */
const MAX_TOKEN_LENGTH = 4096;

/** The token is rejected. The message is for the caller. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** @throws TokenError when the account is not valid */
export async function signToken({
  secret,
  account,
  app,
  expiresInSeconds,
}: {
  secret: string;
  account: string;
  app?: string | undefined;
  expiresInSeconds: number;
}): Promise<string> {
  const problem = idProblem(account);
  if (problem) throw new TokenError(`the account ${problem}`);
  const nowSeconds = Math.floor(Date.now() / 1000);
  return new SignJWT({ account, ...(app === undefined ? {} : { app }) })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
    .setIssuer(ISSUER)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + expiresInSeconds)
    .sign(keyOf(secret));
}

export class TokenVerifier {
  readonly #key: KeyObject;
  /**
   * A cache of verified tokens. Callers send the same token with every call, and verifying a signature is the most
   * expensive step.
   */
  readonly #remembered = new BoundedMap<string, { identity: Identity; expiresAtMs: number }>(REMEMBERED_TOKENS);

  constructor(secret: string) {
    this.#key = keyOf(secret);
  }

  /** @throws TokenError */
  async verify(token: string): Promise<Identity> {
    if (token.length > MAX_TOKEN_LENGTH) throw new TokenError('The token is too long.');
    const remembered = this.#remembered.get(token);
    if (remembered && Date.now() < remembered.expiresAtMs) return remembered.identity;
    this.#remembered.delete(token);
    const { identity, expiresAtMs } = await this.#verify(token);
    this.#remembered.set(token, { identity, expiresAtMs });
    return identity;
  }

  async #verify(token: string): Promise<{ identity: Identity; expiresAtMs: number }> {
    const { payload } = await jwtVerify(token, this.#key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      requiredClaims: ['exp', 'account'],
    }).catch((error: unknown) => {
      const expired = (error as { code?: unknown }).code === 'ERR_JWT_EXPIRED';
      throw new TokenError(expired ? 'The token has expired.' : 'The token is not valid.', { cause: error });
    });
    const { account, app, exp = 0 } = payload;
    if (typeof account !== 'string' || idProblem(account)) throw new TokenError('The token names no valid account.');
    if (app !== undefined && typeof app !== 'string') throw new TokenError('The app of the token is not a string.');
    return { identity: { account: canonicalId(account), app }, expiresAtMs: exp * 1000 };
  }
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}
