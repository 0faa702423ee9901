/**
 * Who owns an id. A bot or table id never seen before belongs from then on to the account that used it first; an
 * account owns itself. Owners never change, so what was looked up once may be remembered for good.
 */
import { Inject, Injectable } from '@nestjs/common';
import { SingleFlight } from '@rollgate/limiter';
import { BoundedMap } from '../bounded-map.js';
import { Database } from './database.js';
import type { Owned } from './owned.js';
import { STARTER_DOCUMENTS } from './starter-documents.js';

const REMEMBERED_OWNERS = 50_000;

/**
 * The documents come with the first claim or not at all. Nothing is returned where somebody else was faster: the caller
 * looks again, with a new statement, because this one's snapshot can't see that row.
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

  /** The account that owns the id, which is `account` when nobody did before. */
  async claim(owned: Owned, account: string): Promise<string> {
    const key = `${owned.kind}/${owned.id}`;
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) return remembered;
    // Calls of another account join the same lookup, because the database names one owner for all of them.
    const owner = await this.#lookups.run(() => this.#ask(owned, account), key);
    this.#remembered.set(key, owner);
    return owner;
  }

  /** Bot ids of the account, in order. */
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
    if (owner === undefined) throw new Error(`the owner of ${kind} ${id} was claimed and is not there`);
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
