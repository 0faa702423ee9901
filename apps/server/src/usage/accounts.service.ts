import { Inject, Injectable } from '@nestjs/common';
import type { SubjectUsage, WindowUsage } from '@rollgate/contract';
import { encodeAccount, type Limiter, laneOf } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../authentication/caller.js';
import { daysOfLast } from '../database/event-days.js';
import { fromCursor, toCursor } from '../http/cursor.js';
import { refuseInternal } from '../limiting/known-accounts.service.js';
import { KnownApis } from '../limiting/known-apis.service.js';
import { LIMITER } from '../limiting/limiter-token.js';
import type { accountBrief, accountPage, listUsage, stripSchema, usagePage, usageSchema } from './accounts.schemas.js';

type Brief = z.output<typeof accountBrief>;
type Usage = z.output<typeof usageSchema>;

const PAGE = 50;
const MINUTES = 60;
const MOST_EXPORTED = 1_000_000;
/** Sorts before every key. */
const BEFORE_ALL = ' ';

interface BriefRow {
  readonly account: string;
  readonly overrides: string;
  readonly requests: string;
  readonly denials: string;
}

interface OverrideRow {
  readonly id: string;
  readonly expires_at: Date | null;
  readonly reason: string;
}

interface DenialRow {
  readonly subject: string;
  readonly id: string;
  readonly last_at: Date;
  readonly window_name: 'minute' | 'hour';
}

@Injectable()
export class AccountsService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /** Accounts whose name starts with `q`; an exact match comes first. */
  async search({
    q,
    after,
    limit = PAGE,
  }: {
    q: string;
    after?: string | undefined;
    limit?: number | undefined;
  }): Promise<z.output<typeof accountPage>> {
    const prefix = q.trim() === '' ? '' : encodeAccount(q.trim());
    const from = after === undefined ? '' : String(fromCursor(after, ['text'])[0]);
    const found = await this.database.query<{ key: string; account: string }[]>(
      'SELECT key, account FROM rollgate.find_accounts($1, $2, $3)',
      [prefix, from, limit + 1],
    );
    const shown = found.slice(0, limit);
    const last = shown.at(-1)?.key ?? '';
    // The exact match comes first, wherever its key sorts among the others.
    const next = found.length > limit ? toCursor([last === prefix ? BEFORE_ALL : last]) : null;
    return { items: await this.#briefs(shown.map(({ account }) => account)), next };
  }

  export({ q }: { q: string }): { sql: string; values: unknown[] } {
    const prefix = q.trim() === '' ? '' : encodeAccount(q.trim());
    return { sql: 'SELECT account FROM rollgate.find_accounts($1, $2, $3)', values: [prefix, '', MOST_EXPORTED] };
  }

  async brief(account: string): Promise<Brief> {
    refuseInternal(account);
    return (await this.#briefs([account]))[0] as Brief;
  }

  async #briefs(accounts: readonly string[]): Promise<Brief[]> {
    const rows = await this.database.query<BriefRow[]>(
      `SELECT a.account,
              (SELECT count(*) FROM rollgate.override o
               WHERE o.account = a.account AND rollgate.in_force(o.starts_at, o.expires_at, clock.now)) AS overrides,
              (SELECT count(*) FROM rollgate.limit_request r WHERE r.account = a.account AND r.state = 'open') AS requests,
              (SELECT coalesce(sum(e.count), 0) FROM rollgate.limit_event e WHERE e.account = a.account AND e.kind = 'denied'
                 AND e.first_at > statement_timestamp() - interval '1 hour' AND e.first_at > $2) AS denials
       FROM (SELECT clock_timestamp() AS now) clock
       CROSS JOIN unnest($1::text[]) WITH ORDINALITY AS a (account, ord) ORDER BY a.ord`,
      [accounts, daysOfLast({ hours: 1 })],
    );
    return rows.map(({ account, overrides, requests, denials }) => ({
      account,
      overridesInForce: Number(overrides),
      openRequests: Number(requests),
      denialsLastHour: Number(denials),
    }));
  }

  /**
   * Live usage of every API and subject with units in its hour window. Spends nothing. The override and the last denial are
   * included only for callers who may read them.
   */
  async usage(
    account: string,
    { api, after, limit = PAGE }: z.output<typeof listUsage>,
    { permissions }: Caller,
  ): Promise<z.output<typeof usagePage>> {
    refuseInternal(account);
    const from = after === undefined ? '' : String(fromCursor(after, ['text'])[0]);
    const { items, next } = await this.limiter.usage(account, { after: from, limit });
    const shown = api === undefined ? items : items.filter((item) => item.api === api);
    const [overrides, denials] = await Promise.all([
      permissions.has('overrides.read') ? this.#overrides(shown) : new Map<string, OverrideRow>(),
      permissions.has('events.read') ? this.#lastDenials(shown) : new Map<string, DenialRow>(),
    ]);
    return {
      asOf: new Date(items[0]?.atMs ?? Date.now()).toISOString(),
      items: shown.map((item) => this.#view(item, { overrides, denials })),
      next: next === null ? null : toCursor([next]),
    };
  }

  async #overrides(items: readonly SubjectUsage[]): Promise<Map<string, OverrideRow>> {
    const ids = [
      ...new Set(
        items.map(({ source }) => source).filter((source) => source !== 'default' && !source.startsWith('plan:')),
      ),
    ];
    if (ids.length === 0) return new Map();
    const rows = await this.database.query<OverrideRow[]>(
      'SELECT id, expires_at, reason FROM rollgate.override WHERE id = ANY ($1)',
      [ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Queries each subject separately, so that a subject with many denials costs no more than the others. */
  async #lastDenials(items: readonly SubjectUsage[]): Promise<Map<string, DenialRow>> {
    const rows = await this.database.query<DenialRow[]>(
      `SELECT s.subject, e.id, e.last_at, e.window_name FROM unnest($1::text[]) AS s (subject)
       CROSS JOIN LATERAL (
         SELECT x.id, x.last_at, x.window_name FROM rollgate.limit_event x
         WHERE rollgate.value_hash(x.subject, -1) = rollgate.value_hash(s.subject, -1) AND x.subject = s.subject
           AND x.kind = 'denied' AND x.first_at > statement_timestamp() - interval '1 day' AND x.first_at > $2
         ORDER BY x.first_at DESC LIMIT 1) e`,
      [items.map(({ subject }) => subject), daysOfLast({ hours: 24 })],
    );
    return new Map(rows.map((row) => [row.subject, row]));
  }

  #view(
    item: SubjectUsage,
    { overrides, denials }: { overrides: Map<string, OverrideRow>; denials: Map<string, DenialRow> },
  ): Usage {
    const entry = this.limiter.catalogue.get(item.api);
    const override = overrides.get(item.source);
    const denial = denials.get(item.subject);
    return {
      api: item.api,
      apiTitle: entry.title,
      group: item.group,
      groupTitle: entry.groupTitle,
      countedTogether: entry.scope === 'group',
      subject: item.subject,
      dimensions: { ...item.dimensions },
      windows: { minute: windowView(item.windows.minute, item.atMs), hour: windowView(item.windows.hour, item.atMs) },
      default: { ...this.limiter.defaultLimitsOf(item.api) },
      source: item.source,
      override:
        override === undefined
          ? null
          : { id: override.id, expiresAt: override.expires_at?.toISOString() ?? null, reason: override.reason },
      mode: item.mode === 'shadow' ? 'shadow' : 'enforced',
      nextAllowedAt: nextAllowedAt(item),
      lastDenial:
        denial === undefined ? null : { id: denial.id, at: denial.last_at.toISOString(), window: denial.window_name },
    };
  }

  /** The last hour, minute by minute. */
  async strip(account: string): Promise<z.output<typeof stripSchema>> {
    refuseInternal(account);
    const prefix = `${encodeAccount(account)}/`;
    const [usage, denials, clock] = await Promise.all([
      this.database.query<{ minute: number; scope: string; units: string }[]>(
        'SELECT minute, scope, units FROM rollgate.usage_by_minute($1, $2)',
        [laneOf(account), prefix],
      ),
      this.database.query<{ minute: string; calls: string }[]>(
        `SELECT floor(extract(epoch FROM e.first_at) / 60)::bigint AS minute, sum(e.count) AS calls FROM rollgate.limit_event e
         WHERE e.account = $1 AND e.kind = 'denied' AND e.first_at > statement_timestamp() - interval '61 minutes' AND e.first_at > $2
         GROUP BY 1`,
        [account, daysOfLast({ hours: 2 })],
      ),
      this.database.query<{ now: Date }[]>('SELECT clock_timestamp() AS now'),
    ]);
    const now = clock[0]?.now ?? new Date();
    const last = Math.floor(now.getTime() / 60_000);
    const minutes = Array.from({ length: MINUTES }, (_, i) => last - MINUTES + 1 + i);
    const scopes = [...new Set(usage.map(({ scope }) => scope))].sort();
    const unitsOf = new Map(usage.map(({ scope, minute, units }) => [`${scope} ${minute}`, Number(units)]));
    const deniedIn = new Map(denials.map(({ minute, calls }) => [Number(minute), Number(calls)]));
    return {
      asOf: now.toISOString(),
      minutes,
      series: scopes.map((scope) => ({
        api: scope,
        title: this.apis.titleOf(scope),
        units: minutes.map((minute) => unitsOf.get(`${scope} ${minute}`) ?? 0),
      })),
      denials: minutes.map((minute) => deniedIn.get(minute) ?? 0),
      limit: scopes.length === 1 ? (this.apis.defaultLimitsOf(scopes[0] as string) ?? null) : null,
    };
  }
}

function windowView({ limit, used, remaining, resetAfterMs }: WindowUsage, atMs: number): Usage['windows']['minute'] {
  return {
    limit,
    used,
    remaining,
    percent: limit === 0 ? 100 : Math.floor((used * 100) / limit),
    nextReleaseAt: resetAfterMs === null ? null : new Date(atMs + resetAfterMs).toISOString(),
  };
}

/** The time at which both windows have a free unit. */
function nextAllowedAt({ windows, atMs }: SubjectUsage): string | null {
  let afterMs = 0;
  for (const { limit, used, releases } of Object.values(windows)) {
    if (limit === 0) return null;
    let toLeave = used + 1 - limit;
    for (const release of releases) {
      if (toLeave <= 0) break;
      toLeave -= release.units;
      afterMs = Math.max(afterMs, release.afterMs);
    }
  }
  return new Date(atMs + afterMs).toISOString();
}
