/**
 * Bearer tokens: JWTs, HS256, of one issuer. The account of a call comes from here and nowhere else.
 *
 * Invariant: the algorithm is ours, not the token's; a token without an expiry is no token.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import { canonicalId, idProblem } from '../access/ids.js';
import { BoundedMap } from '../bounded-map.js';

export interface Identity {
  readonly account: string;
  /** The caller's own name for its program, if it has one. */
  readonly app: string | undefined;
}

const ALGORITHM = 'HS256';
const ISSUER = 'rollgate-platform';
/** A key shorter than the hash is easier to guess than to break (RFC 7518, 3.2). */
export const MIN_SECRET_BYTES = 32;
const REMEMBERED_TOKENS = 10_000;
/** Longer ones are not looked at, so that what is remembered stays small. */
const MAX_TOKEN_LENGTH = 4096;

/** Why a token is refused, for the caller to read. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
}

/** @throws TokenError when the account can't be one. */
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
  /** Verified tokens: a caller sends the same one with every call, and a signature costs more than the rest of it. */
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
    if (app !== undefined && typeof app !== 'string') throw new TokenError('The app of the token is no text.');
    return { identity: { account: canonicalId(account), app }, expiresAtMs: exp * 1000 };
  }
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8');
}
