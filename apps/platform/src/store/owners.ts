/**
 * The owners of IDs. A new bot or table ID belongs to the account that uses it first; an account owns itself. Owners never
 * change, so they may be cached without an expiry.
 */
import { Inject, Injectable } from '@nestjs/common';
import { SingleFlight } from '@rollgate/limiter';
import { BoundedMap } from '../bounded-map.js';
import { Database } from './database.js';
import type { Owned } from './owned.js';
import { STARTER_DOCUMENTS } from './starter-documents.js';

const REMEMBERED_OWNERS = 50_000;

/**
 * Claims an ID and stores its first documents. Returns no row if another call was faster. The caller then reads the owner with a
 * new statement, because the snapshot of this one can't see that row.
 */
const CLAIM = `
WITH claimed AS (
  INSERT INTO platform.owners (kind, id, account) VALUES ($1, $2, $3)
  ON CONFLICT (kind, id) DO NOTHING RETURNING account
), starters AS (
  INSERT INTO platform.documents (account, bot, kind, id, body)
  SELECT $3, CASE WHEN $1 = 'bot' THEN $2 ELSE '' END, d.kind, d.id, d.body
  FROM claimed, jsonb_to_recordset($4::jsonb) AS d (kind text, id text, body jsonb)
  ON CONFLICT DO NOTHING
)
SELECT account FROM claimed`;

@Injectable()
export class Owners {
  readonly #remembered = new BoundedMap<string, string>(REMEMBERED_OWNERS);
  readonly #lookups = new SingleFlight<string>();

  constructor(@Inject(Database) private readonly database: Database) {}

  /** The account that owns the ID: `account`, if the ID had no owner. */
  async claim(owned: Owned, account: string): Promise<string> {
    const key = `${owned.kind}/${owned.id}`;
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) return remembered;
    // Calls of another account join the same lookup, because the database names one owner for all of them.
    const owner = await this.#lookups.run(() => this.#ask(owned, account), key);
    this.#remembered.set(key, owner);
    return owner;
  }

  /** The bot IDs of the account, in order. */
  async botsOf(account: string, { limit, offset }: { limit: number; offset: number }): Promise<string[]> {
    const { rows } = await this.database.query<{ id: string }>(
      `SELECT id FROM platform.owners WHERE account = $1 AND kind = 'bot' ORDER BY id LIMIT $2 OFFSET $3`,
      [account, limit, offset],
    );
    return rows.map(({ id }) => id);
  }

  async #ask({ kind, id }: Owned, account: string): Promise<string> {
    const found = await this.#find({ kind, id });
    if (found !== undefined) return found;
    const starters = JSON.stringify(STARTER_DOCUMENTS[kind]);
    const { rows } = await this.database.query<{ account: string }>(CLAIM, [kind, id, account, starters]);
    const owner = rows[0]?.account ?? (await this.#find({ kind, id }));
    if (owner === undefined) throw new Error(`${kind} ${id} was claimed, but has no owner`);
    return owner;
  }

  async #find({ kind, id }: Owned): Promise<string | undefined> {
    const { rows } = await this.database.query<{ account: string }>(
      'SELECT account FROM platform.owners WHERE kind = $1 AND id = $2',
      [kind, id],
    );
    return rows[0]?.account;
  }
}
