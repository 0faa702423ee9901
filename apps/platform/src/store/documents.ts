/**
 * Stores named things, e.g. languages, users and test suites: one JSON document for each place, kind and ID.
 *
 * Invariant: a write and its entry in the place's change log are one statement.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { Page } from '../http/schemas.js';
import { Database } from './database.js';
import type { Place } from './place.js';

export type Body = Readonly<Record<string, unknown>>;

export interface Document {
  readonly id: string;
  readonly body: Body;
}

export interface Change {
  readonly event: string;
  readonly ids: string[];
  readonly at: string;
}

const LOG = `INSERT INTO platform.changes (account, bot, event, ids)`;

@Injectable()
export class Documents {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Creates or replaces documents. If two have the same ID, the last one is stored. Resolves to the number stored. */
  async put(place: Place, kind: string, documents: readonly Document[]): Promise<number> {
    const byId = new Map(documents.map(({ id, body }) => [id, JSON.stringify(body)]));
    // In the order of IDs, so that two calls lock common rows in the same order.
    const ids = [...byId.keys()].sort();
    await this.database.query(
      `WITH change AS (${LOG} VALUES ($1, $2, $3 || ' saved', $4))
       INSERT INTO platform.documents (account, bot, kind, id, body)
       SELECT $1, $2, $3, d.id, d.body FROM unnest($4::text[], $5::jsonb[]) WITH ORDINALITY AS d (id, body, place)
       ORDER BY d.place
       ON CONFLICT (account, bot, kind, id) DO UPDATE SET body = excluded.body, updated_at = now()`,
      [place.account, place.bot, kind, ids, ids.map((id) => byId.get(id))],
    );
    return ids.length;
  }

  /** Sets members of the body. Resolves to `undefined` if there is no such document. */
  async patch(place: Place, kind: string, { id, body }: Document): Promise<Document | undefined> {
    const { rows } = await this.database.query<Document>(
      `WITH patched AS (
         UPDATE platform.documents SET body = body || $5, updated_at = now()
         WHERE account = $1 AND bot = $2 AND kind = $3 AND id = $4 RETURNING id, body
       ), change AS (${LOG} SELECT $1, $2, $3 || ' changed', ARRAY[id] FROM patched)
       SELECT id, body FROM patched`,
      [place.account, place.bot, kind, id, JSON.stringify(body)],
    );
    return rows[0];
  }

  async get(place: Place, kind: string, id: string): Promise<Document | undefined> {
    const { rows } = await this.database.query<Document>(
      'SELECT id, body FROM platform.documents WHERE account = $1 AND bot = $2 AND kind = $3 AND id = $4',
      [place.account, place.bot, kind, id],
    );
    return rows[0];
  }

  /** In the order of IDs. */
  async list(place: Place, kind: string, { limit, offset }: Page): Promise<Document[]> {
    const { rows } = await this.database.query<Document>(
      `SELECT id, body FROM platform.documents WHERE account = $1 AND bot = $2 AND kind = $3
       ORDER BY id LIMIT $4 OFFSET $5`,
      [place.account, place.bot, kind, limit, offset],
    );
    return rows;
  }

  /** The number of documents of each kind. */
  async counts(place: Place): Promise<Record<string, number>> {
    const { rows } = await this.database.query<{ kind: string; documents: number }>(
      `SELECT kind, count(*)::int AS documents FROM platform.documents WHERE account = $1 AND bot = $2
       GROUP BY kind ORDER BY kind`,
      [place.account, place.bot],
    );
    return Object.fromEntries(rows.map(({ kind, documents }) => [kind, documents]));
  }

  /** Resolves to the number of removed documents. */
  async remove(place: Place, kind: string, ids: readonly string[]): Promise<number> {
    const { rows } = await this.database.query<{ id: string }>(
      `WITH chosen AS (
         SELECT id FROM platform.documents WHERE account = $1 AND bot = $2 AND kind = $3 AND id = ANY($4)
         ORDER BY id FOR UPDATE
       ), removed AS (
         DELETE FROM platform.documents d USING chosen
         WHERE d.account = $1 AND d.bot = $2 AND d.kind = $3 AND d.id = chosen.id RETURNING d.id
       ), change AS (
         ${LOG} SELECT $1, $2, $3 || ' removed', array_agg(id) FROM removed HAVING count(*) > 0
       )
       SELECT id FROM removed`,
      [place.account, place.bot, kind, ids],
    );
    return rows.length;
  }

  /** Removes the documents of a kind that name one of these users, in every bot of the account. */
  async removeOfUsers(account: string, kind: string, userIds: readonly string[]): Promise<number> {
    const { rows } = await this.database.query<{ bot: string }>(
      `WITH chosen AS (
         SELECT bot, id FROM platform.documents WHERE account = $1 AND kind = $2 AND body ->> 'userId' = ANY($3)
         ORDER BY bot, id FOR UPDATE
       ), removed AS (
         DELETE FROM platform.documents d USING chosen
         WHERE d.account = $1 AND d.kind = $2 AND d.bot = chosen.bot AND d.id = chosen.id RETURNING d.bot
       ), change AS (${LOG} VALUES ($1, '', 'customer data removed', $3))
       SELECT bot FROM removed`,
      [account, kind, userIds],
    );
    return rows.length;
  }

  /** Newest first. */
  async changes(place: Place, { limit, offset }: Page): Promise<Change[]> {
    const { rows } = await this.database.query<{ event: string; ids: string[]; at: Date }>(
      `SELECT event, ids, at FROM platform.changes WHERE account = $1 AND bot = $2
       ORDER BY id DESC LIMIT $3 OFFSET $4`,
      [place.account, place.bot, limit, offset],
    );
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  }
}
