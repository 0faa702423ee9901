/** The usage that shows whether a higher limit is needed. */
import { Inject, Injectable } from '@nestjs/common';
import { encodeAccount, laneOf } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { Conditions } from '../../database/conditions.js';
import { daysOfLast } from '../../database/event-days.js';
import type { proofSchema, RequestView } from './limit-requests.schemas.js';

type Scope = Pick<RequestView, 'account' | 'group' | 'api' | 'subject'>;

@Injectable()
export class ProofService {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  async of(scope: Scope): Promise<z.output<typeof proofSchema>> {
    const since = new Date(Date.now() - 24 * 3_600_000);
    const [peak, denialsLast7Days, inForce] = await Promise.all([
      this.#peak(scope, since),
      this.#denials(scope),
      this.#inForce(scope),
    ]);
    return { peak: { ...peak, since: since.toISOString() }, denialsLast7Days, inForce };
  }

  async #peak({ account, group, api, subject }: Scope, since: Date) {
    const key = encodeAccount(account);
    const prefix = subject ?? (api === null ? `${key}/` : `${key}/${api}/`);
    const rows = await this.database.query<{ subject: string; peak_minute: string; peak_hour: string }[]>(
      `SELECT p.* FROM rollgate.peak_usage($1, $2, $3) p
       WHERE $4::text IS NULL OR rollgate.api_of_scope(split_part(p.subject, '/', 2)) IN (SELECT api FROM rollgate.catalogue WHERE group_id = $4)
       ORDER BY p.peak_hour DESC, p.peak_minute DESC LIMIT 1`,
      [laneOf(account), prefix, since, group],
    );
    const top = rows[0];
    return {
      perMinute: Number(top?.peak_minute ?? 0),
      perHour: Number(top?.peak_hour ?? 0),
      subject: top?.subject ?? null,
    };
  }

  async #denials({ account, group, api, subject }: Scope): Promise<number> {
    const conditions = new Conditions()
      .add('e.account = ?', account)
      .add(`e.first_at > statement_timestamp() - interval '7 days' AND e.first_at > ?`, daysOfLast({ hours: 7 * 24 }))
      .add('e.group_id = ?', group ?? undefined)
      .add('e.api = ?', api ?? undefined)
      .add('e.subject = ?', subject ?? undefined);
    const rows = await this.database.query<{ count: string }[]>(
      `SELECT coalesce(sum(e.count), 0) AS count FROM rollgate.limit_event e ${conditions.where} AND e.kind = 'denied'`,
      conditions.values,
    );
    return Number(rows[0]?.count ?? 0);
  }

  async #inForce({ account, api, subject }: Scope) {
    if (api === null) return null;
    const rows = await this.database.query<{ per_minute: number; per_hour: number; source: string }[]>(
      'SELECT per_minute, per_hour, source FROM rollgate.limits_for($1, $2, $3)',
      [account, api, subject ?? ''],
    );
    const row = rows[0];
    return row === undefined ? null : { perMinute: row.per_minute, perHour: row.per_hour, source: row.source };
  }
}
