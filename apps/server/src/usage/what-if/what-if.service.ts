import { Inject, Injectable } from '@nestjs/common';
import { type Limits, MAX_UNITS } from '@rollgate/contract';
import type { Limiter } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import { fromCursor, toPage } from '../../http/cursor.js';
import { refuseInternal } from '../../limiting/known-accounts.service.js';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { LIMITER } from '../../limiting/limiter-token.js';
import { scopeColumns } from '../../limiting/subjects.js';
import { type ChangedPolicy, changedPolicy, type NewOverride, type PolicySnapshot } from './changed-policy.js';
import { oldestSecond } from './recorded-calls.js';
import { replayedSubjects } from './replayed-subjects.js';
import type { Counts, WhatIfAnswer, WhatIfQuestion, WhatIfRow } from './what-if.schemas.js';

const PAGE = 50;
const DAY_SECONDS = 86_400;
/** The pages of one list, and its download, are of one replay. */
const KEPT_MS = 30_000;
const MOST_KEPT = 4;

/** A whole answer, in the order of effect. */
interface Found extends Pick<WhatIfAnswer, 'asOf' | 'since' | 'covered' | 'totals'> {
  readonly accounts: readonly WhatIfRow[];
  readonly subjects: readonly WhatIfRow[];
}

@Injectable()
export class WhatIfService {
  readonly #kept = new Map<string, { readonly at: number; readonly found: Promise<Found> }>();

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /** Replays the calls on record under a change, one page of rows. Changes nothing. @throws HttpException 404, 422 */
  async find(question: WhatIfQuestion): Promise<WhatIfAnswer> {
    const { limit = PAGE, after } = question;
    const last = after === undefined ? undefined : fromCursor(after, ['whole', 'whole', 'text', 'text']);
    const { rows, ...answer } = await this.rows(question);
    const start = last === undefined ? 0 : rows.findIndex((row) => compare(row, rowAt(last)) > 0);
    const page = start < 0 ? [] : rows.slice(start, start + limit + 1);
    const { items, next } = toPage(page, { limit, item: (row) => row, key: keyOf });
    return { ...answer, items, next };
  }

  /** All rows. */
  async rows(question: WhatIfQuestion): Promise<Omit<Found, 'accounts' | 'subjects'> & { rows: WhatIfRow[] }> {
    const { accounts, subjects, ...answer } = await this.#foundOnce(question);
    const { by, account: only } = question;
    const all = by === 'subject' ? subjects : accounts;
    return { ...answer, rows: all.filter(({ account }) => only === undefined || account === only) };
  }

  async #foundOnce(question: WhatIfQuestion): Promise<Found> {
    const { by: _, format: __, limit: ___, after: ____, account, ...change } = question;
    const asked = isNewOverride(question) ? { ...change, account } : change;
    const key = JSON.stringify(asked);
    const kept = this.#kept.get(key);
    if (kept !== undefined && performance.now() - kept.at < KEPT_MS) return await kept.found;
    const found = this.#find(asked as WhatIfQuestion);
    this.#kept.delete(key);
    this.#kept.set(key, { at: performance.now(), found });
    found.catch(() => this.#kept.delete(key));
    if (this.#kept.size > MOST_KEPT) this.#kept.delete([...this.#kept.keys()][0] as string);
    return await found;
  }

  async #find(question: WhatIfQuestion): Promise<Found> {
    const created = await this.#created(question);
    // Every API of the snapshot is in the catalogue then.
    await this.limiter.refreshPolicy();
    const snapshot = await this.#snapshot();
    const policy = changedPolicy(snapshot, { question, created, catalogue: this.limiter.catalogue });
    const scopes = [...policy.scopes.keys()];
    const now = Math.floor(snapshot.nowMs / 1000);
    const since = question.since === undefined ? now - DAY_SECONDS : Math.floor(Date.parse(question.since) / 1000);
    const oldest = (await oldestSecond(this.database, scopes)) ?? now;
    const from = Math.floor(Math.min(Math.max(since, oldest), now) / 60) * 60;
    const span = { scopes, accounts: policy.accounts, from, to: now, least: leastLimits(policy) };
    const { rows, unnamed } = await replayedSubjects(this.database, policy, span);
    const accounts = byAccount(rows);
    return {
      asOf: timeOf(now),
      since: timeOf(since),
      covered: { from: timeOf(from), complete: oldest <= since },
      totals: { ...sum(rows), accounts: accounts.length, notReplayed: unnamed },
      accounts: accounts.sort(compare),
      subjects: rows.sort(compare),
    };
  }

  /** A new override as it would be stored; `undefined` for every other change. */
  async #created(question: WhatIfQuestion): Promise<NewOverride | undefined> {
    const { account, perMinute, perHour, factor, extraMinute, extraHour } = question;
    if (!isNewOverride(question) || account === undefined) return undefined;
    refuseInternal(account);
    const scope = await scopeColumns(this.apis, { ...question, account });
    // Also refuses what a new override may not be. A limit that is left out stays as it is.
    const [row] = await this.database.query<{ change: Omit<NewOverride, keyof typeof scope> }[]>(
      'SELECT rollgate.preview_override($1) AS change',
      [
        JSON.stringify({
          ...scope,
          per_minute: perMinute,
          per_hour: perHour,
          factor,
          extra_minute: extraMinute,
          extra_hour: extraHour,
        }),
      ],
    );
    const { perMinute: minute, perHour: hour, factor: times, ...sets } = (row as { change: NewOverride }).change;
    return {
      ...scope,
      perMinute: minute,
      perHour: hour,
      factor: times,
      extraMinute: sets.extraMinute,
      extraHour: sets.extraHour,
    };
  }

  async #snapshot(): Promise<PolicySnapshot> {
    const [row] = await this.database.query<(Omit<PolicySnapshot, 'nowMs'> & { now_ms: number })[]>(
      `SELECT now_ms, overrides, apis, plans, assignments FROM rollgate.sync_instance(NULL, '', 0, 'normal', NULL)`,
    );
    const { now_ms: nowMs, ...policy } = row as NonNullable<typeof row>;
    return { ...policy, nowMs };
  }
}

/** Any other question names an account only to select rows. */
function isNewOverride({ change, override }: WhatIfQuestion): boolean {
  return change === 'override' && override === undefined;
}

/** The lowest new limits of an account without an override of its own, or of the only account that the change concerns. */
function leastLimits({ scopes, accounts, after }: ChangedPolicy): Limits {
  const account = accounts?.[0] ?? '';
  const all = [...scopes].map(([scope, entry]) => after(entry, `${account}/${scope}/`));
  return {
    perMinute: Math.min(MAX_UNITS, ...all.map(({ perMinute }) => perMinute)),
    perHour: Math.min(MAX_UNITS, ...all.map(({ perHour }) => perHour)),
  };
}

const timeOf = (second: number): string => new Date(second * 1000).toISOString();

type Sorted = Pick<WhatIfRow, 'newlyDenied' | 'newlyAllowed' | 'aboveNow' | 'account' | 'subject'>;

/** The greatest effect first. */
function compare(a: Sorted, b: Sorted): number {
  return (
    effectOf(b) - effectOf(a) ||
    b.aboveNow - a.aboveNow ||
    byText(a.account, b.account) ||
    byText(a.subject ?? '', b.subject ?? '')
  );
}

const effectOf = ({ newlyDenied, newlyAllowed }: Sorted): number => newlyDenied + newlyAllowed;
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const keyOf = (row: WhatIfRow): (string | number)[] => [effectOf(row), row.aboveNow, row.account, row.subject ?? ''];

function rowAt([effect, aboveNow, account, subject]: readonly (string | number | null)[]): Sorted {
  return {
    newlyDenied: Number(effect),
    newlyAllowed: 0,
    aboveNow: Number(aboveNow),
    account: String(account),
    subject: String(subject),
  };
}

const NO_COUNTS: Counts = {
  subjects: 0,
  affected: 0,
  stillAllowed: 0,
  newlyDenied: 0,
  denied: 0,
  newlyAllowed: 0,
  aboveNow: 0,
};
const NAMES = Object.keys(NO_COUNTS) as (keyof Counts)[];

function sum(rows: readonly WhatIfRow[]): Counts {
  const total = { ...NO_COUNTS };
  for (const row of rows) for (const name of NAMES) total[name] += row[name];
  return total;
}

function byAccount(rows: readonly WhatIfRow[]): WhatIfRow[] {
  const whole = { api: null, subject: null, dimensions: null, before: null, after: null };
  const groups = new Map<string, WhatIfRow[]>();
  for (const row of rows) {
    const group = groups.get(row.account);
    if (group === undefined) groups.set(row.account, [row]);
    else group.push(row);
  }
  return [...groups].map(([account, own]) => ({ account, ...whole, ...sum(own) }));
}
