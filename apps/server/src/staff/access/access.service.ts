import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { Conditions } from '../../database/conditions.js';
import { fromCursor, toPage } from '../../http/cursor.js';
import type { AccessView, accessPage, listAccess, listSignIns, SignInView, signInPage } from './access.schemas.js';

interface Times {
  readonly id: string;
  readonly first_at: Date;
  readonly last_at: Date;
}

export type SignInRow = Times & Omit<SignInView, 'id' | 'firstAt' | 'lastAt'>;
export type AccessRow = Times &
  Omit<AccessView, 'id' | 'firstAt' | 'lastAt' | 'rows'> & { readonly rows: string | null };

const PAGE = 50;
const SIGN_INS = `SELECT l.id, l.first_at, l.last_at, l.times, l.outcome, l.method, l.login, l.staff_id AS "staffId", l.address,
  l.user_agent AS "userAgent", l.request_id AS "requestId" FROM rollgate.sign_in_log l`;
const ACCESS = `SELECT l.id, l.first_at, l.last_at, l.times, l.actor, l.role, l.address, l.request_id AS "requestId", l.action,
  l.account, l.routes, l.filters, l.row_count AS rows, l.result FROM rollgate.access_log l`;

/** Reads the access log, newest first. */
@Injectable()
export class AccessService {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  async signIns(query: z.output<typeof listSignIns>): Promise<z.output<typeof signInPage>> {
    return await this.#page(SIGN_INS, signInFilters(query), { ...query, item: signInView });
  }

  exportSignIns(query: z.output<typeof listSignIns>): { sql: string; values: unknown[] } {
    return whole(SIGN_INS, signInFilters(query));
  }

  async access(query: z.output<typeof listAccess>): Promise<z.output<typeof accessPage>> {
    return await this.#page(ACCESS, accessFilters(query), { ...query, item: accessView });
  }

  exportAccess(query: z.output<typeof listAccess>): { sql: string; values: unknown[] } {
    return whole(ACCESS, accessFilters(query));
  }

  async #page<Row extends Times, Item>(
    sql: string,
    conditions: Conditions,
    { limit = PAGE, after, item }: { limit?: number | undefined; after?: string | undefined; item: (row: Row) => Item },
  ): Promise<{ items: Item[]; next: string | null }> {
    if (after !== undefined) conditions.add('l.id < ?', fromCursor(after, ['whole'])[0]);
    const rows = await this.database.query<Row[]>(
      `${sql} ${conditions.where} ORDER BY l.id DESC LIMIT ${limit + 1}`,
      conditions.values,
    );
    return toPage(rows, { limit, item, key: ({ id }) => [Number(id)] });
  }
}

function whole(sql: string, { where, values }: Conditions): { sql: string; values: unknown[] } {
  return { sql: `${sql} ${where} ORDER BY l.id DESC`, values };
}

function signInFilters({ login, outcome, method, address, from, to }: z.output<typeof listSignIns>): Conditions {
  return inSpan({ from, to })
    .add('l.login = ?', login)
    .add('l.outcome = ?', outcome)
    .add('l.method = ?', method)
    .add('l.address = ?', address);
}

function accessFilters({ actor, account, action, from, to }: z.output<typeof listAccess>): Conditions {
  return inSpan({ from, to }).add('l.actor = ?', actor).add('l.account = ?', account).add('l.action = ?', action);
}

function inSpan({ from, to }: { from?: string | undefined; to?: string | undefined }): Conditions {
  return new Conditions().add('l.last_at >= ?::timestamptz', from).add('l.first_at < ?::timestamptz', to);
}

function timesOf({ id, first_at, last_at }: Times): { id: number; firstAt: string; lastAt: string } {
  return { id: Number(id), firstAt: first_at.toISOString(), lastAt: last_at.toISOString() };
}

export function signInView({ first_at, last_at, id, ...row }: SignInRow): SignInView {
  return { ...timesOf({ id, first_at, last_at }), ...row };
}

export function accessView({ first_at, last_at, id, rows, ...row }: AccessRow): AccessView {
  return { ...timesOf({ id, first_at, last_at }), ...row, rows: rows === null ? null : Number(rows) };
}
