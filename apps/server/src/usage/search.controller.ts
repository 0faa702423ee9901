/** The search box: finds the account for any ID that a customer or a colleague quotes. */
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { INTERNAL_ACCOUNT, MAX_DIMENSION_BYTES } from '@rollgate/contract';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { type Caller, FromCaller } from '../authentication/caller.js';
import type { Permission } from '../http/permissions.js';
import { Route } from '../http/route.js';
import { text } from '../http/schemas.js';
import { validated } from '../http/validated.js';
import { AccountsService } from './accounts.service.js';

const find = z.strictObject({ q: text({ most: MAX_DIMENSION_BYTES }) });

const foundSchema = z.object({
  items: z.array(
    z.object({
      kind: z.enum(['account', 'override', 'request', 'ticket', 'denial', 'subject']),
      id: z.string(),
      account: z.string(),
      /** What it is, in a few words. */
      label: z.string(),
      exact: z.boolean(),
    }),
  ),
});
type Found = z.output<typeof foundSchema>['items'][number];

const MOST = 20;

/**
 * What an ID, a ticket or an HTTP request ID may belong to, and the permission needed to find it. OFFSET 0 keeps the order and the
 * limit out of the search for an HTTP request ID: without it Postgres reads the events in the order of time, all of them if none matches.
 */
const EXACT: readonly { readonly needs: Permission; readonly sql: string }[] = [
  {
    needs: 'overrides.read',
    sql: `
      SELECT 'override' AS kind, o.id, o.account, coalesce(o.api, o.group_id, 'all APIs') AS label FROM rollgate.override o WHERE o.id = $1
      UNION ALL
      (SELECT 'ticket', o.id, o.account, 'Override for ' || coalesce(o.api, o.group_id, 'all APIs') FROM rollgate.override o
       WHERE o.ticket = $1 ORDER BY o.created_in DESC LIMIT 5)`,
  },
  {
    needs: 'requests.read',
    sql: `
      SELECT 'request' AS kind, r.id, r.account, initcap(r.state) || ', ' || coalesce(r.api, r.group_id, 'all APIs') AS label
      FROM rollgate.limit_request r WHERE r.id = $1
      UNION ALL
      (SELECT 'ticket', r.id, r.account, 'Limit request for ' || coalesce(r.api, r.group_id, 'all APIs') FROM rollgate.limit_request r
       WHERE r.ticket = $1 ORDER BY r.number DESC LIMIT 5)`,
  },
  {
    needs: 'events.read',
    sql: `
      (SELECT 'denial' AS kind, e.id, e.account, e.api || ', ' || to_char(e.first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC' AS label
       FROM rollgate.limit_event e WHERE e.id = split_part($1, '.', 1) ORDER BY e.first_at DESC LIMIT 5)
      UNION ALL
      (SELECT 'denial', e.id, e.account, e.api || ', HTTP request ' || e.request_id FROM (
         SELECT * FROM rollgate.limit_event x WHERE hashtext(x.request_id) = hashtext($1) AND x.request_id = $1 OFFSET 0) e
       ORDER BY e.first_at DESC LIMIT 5)`,
  },
];

@Controller('admin/api/find')
export class SearchController {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(AccountsService) private readonly accounts: AccountsService,
  ) {}

  @Get()
  @Route({
    id: 'find',
    summary:
      'An account, subject, HTTP request ID, ticket, override, limit request or denial by its ID; exact first; only what the caller may read',
    access: { permission: 'accounts.read' },
    query: find,
    response: foundSchema,
    example: { items: [{ kind: 'account', id: 'acme', account: 'acme', label: '1 override in force', exact: true }] },
  })
  async find(
    @Query(validated(find)) { q }: z.output<typeof find>,
    @FromCaller() caller: Caller,
  ): Promise<z.output<typeof foundSchema>> {
    const [accounts, exact, subjects] = await Promise.all([
      this.accounts.search({ q, limit: 8 }),
      this.#exact(q, caller),
      this.database.query<{ account: string; api: string; subject: string }[]>(
        'SELECT * FROM rollgate.find_subjects($1, 10)',
        [q],
      ),
    ]);
    const items: Found[] = [
      ...accounts.items.map(({ account, overridesInForce, denialsLastHour }) => ({
        kind: 'account' as const,
        id: account,
        account,
        label: [
          overridesInForce > 0
            ? numbered(overridesInForce, 'override in force', 'overrides in force')
            : 'Default limits',
          ...(denialsLastHour > 0
            ? [`${numbered(denialsLastHour, 'denied call', 'denied calls')} in the last hour`]
            : []),
        ].join(', '),
        exact: account === q,
      })),
      ...exact.filter(({ account }) => account !== INTERNAL_ACCOUNT).map((found) => ({ ...found, exact: true })),
      ...subjects.map(({ account, api, subject }) => ({
        kind: 'subject' as const,
        id: subject,
        account,
        label: api,
        exact: true,
      })),
    ];
    items.sort((a, b) => Number(b.exact) - Number(a.exact));
    return { items: items.slice(0, MOST) };
  }

  async #exact(q: string, { permissions }: Caller): Promise<Omit<Found, 'exact'>[]> {
    const readable = EXACT.filter(({ needs }) => permissions.has(needs));
    if (readable.length === 0) return [];
    return await this.database.query(readable.map(({ sql }) => `(${sql})`).join(' UNION ALL '), [q]);
  }
}

/** `1 denied call`, `12 denied calls` */
const numbered = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;
