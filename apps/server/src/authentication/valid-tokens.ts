/** Looks up the service token that a machine sends. */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PERMISSIONS, type Permission, type Role } from '../http/permissions.js';
import { type FoundToken, KnownTokens } from './known-tokens.js';
import { hashSecret, newSecret } from './secrets.js';

/** The prefix by which leak scanners recognize a token. */
const PREFIX = 'rgt_';
const TOKEN = /^rgt_[A-Za-z0-9_-]{43}$/;

/** What the guard needs to know about a valid token. */
export interface ValidToken {
  readonly name: string;
  readonly role: Role;
  readonly permissions: readonly Permission[];
}

interface TokenRow extends ValidToken {
  readonly id: string;
  readonly stale: boolean;
  readonly endsInMs: number | null;
}

export function newTokenSecret(): string {
  return `${PREFIX}${newSecret()}`;
}

@Injectable()
export class ValidTokens {
  readonly #known = new KnownTokens<ValidToken>();

  constructor(private readonly database: DataSource) {}

  /**
   * undefined: the token does not exist or is no longer valid. A valid token is remembered: see `KnownTokens`.
   * @throws the driver's error
   */
  async find(secret: string): Promise<ValidToken | undefined> {
    if (!TOKEN.test(secret)) return undefined;
    const hash = hashSecret(secret);
    return await this.#known.find(hash, () => this.#look(hash));
  }

  /** Call it when a token was revoked on this instance. */
  forgetAll(): void {
    this.#known.forgetAll();
  }

  async #look(hash: string): Promise<FoundToken<ValidToken> | undefined> {
    const [row] = await this.database.query<TokenRow[]>(
      `SELECT id, name, role, permissions, coalesce(last_used_at < now.at - interval '1 minute', true) AS stale,
              extract(epoch FROM expires_at - now.at)::float8 * 1000 AS "endsInMs"
       FROM rollgate.service_token, (SELECT clock_timestamp()) now (at)
       WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now.at)`,
      [hash],
    );
    if (row === undefined) return undefined;
    if (row.stale)
      await this.database.query('UPDATE rollgate.service_token SET last_used_at = clock_timestamp() WHERE id = $1', [
        row.id,
      ]);
    const { name, role, permissions, endsInMs } = row;
    // Ignore a permission that only a newer Rollgate knows.
    const token = { name, role, permissions: permissions.filter((permission) => permission in PERMISSIONS) };
    return { token, endsInMs };
  }
}
