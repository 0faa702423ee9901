/**
 * Sign-ins in progress at the identity provider. Each browser gets its own secret, so it cannot use the code of another
 * sign-in.
 */
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { hashSecret, newSecret } from '../secrets.js';
import type { Challenge } from './identity-provider.js';

/** Long enough to use a second factor. */
export const ATTEMPT_SECONDS = 600;

export interface Attempt extends Challenge {
  readonly returnTo: string;
}

@Injectable()
export class Attempts {
  constructor(private readonly database: DataSource) {}

  /** Resolves to the secret for the browser. */
  async start({ state, nonce, verifier, returnTo }: Attempt): Promise<string> {
    const secret = newSecret();
    await this.database.query('DELETE FROM rollgate.sign_in_attempt WHERE ends_at < clock_timestamp()');
    await this.database.query(
      `INSERT INTO rollgate.sign_in_attempt (id, state, nonce, verifier, return_to, ends_at)
       VALUES ($1, $2, $3, $4, $5, clock_timestamp() + interval '${ATTEMPT_SECONDS} seconds')`,
      [hashSecret(secret), state, nonce, verifier, returnTo],
    );
    return secret;
  }

  /** Returns an attempt once: a second call finds none. */
  async take(secret: string): Promise<Attempt | undefined> {
    const [rows] = await this.database.query<[(Attempt & { inTime: boolean })[], number]>(
      `DELETE FROM rollgate.sign_in_attempt WHERE id = $1
       RETURNING state, nonce, verifier, return_to AS "returnTo", ends_at > clock_timestamp() AS "inTime"`,
      [hashSecret(secret)],
    );
    const attempt = rows[0];
    return attempt?.inTime ? attempt : undefined;
  }
}
