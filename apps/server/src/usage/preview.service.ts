import { HttpException, Inject, Injectable } from '@nestjs/common';
import { laneOf } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../authentication/caller.js';
import { Conditions } from '../database/conditions.js';
import { daysOfLast } from '../database/event-days.js';
import { problem } from '../http/problem.js';
import { KnownAccounts } from '../limiting/known-accounts.service.js';
import { KnownApis } from '../limiting/known-apis.service.js';
import { type ScopeColumns, scopeColumns } from '../limiting/subjects.js';
import type { previewAnswer, previewQuestion } from './preview.schemas.js';
import { replay } from './replay.js';

type Question = z.output<typeof previewQuestion>;
type Answer = z.output<typeof previewAnswer>;
/** The result of `rollgate.preview_override`. */
type Change = Answer['sets'] & Pick<Answer, 'effects' | 'lowered'>;

/** The most subjects whose calls are replayed. */
const MOST_SUBJECTS = 200;

interface DenialRow {
  readonly subject: string;
  readonly api: string;
  readonly second: string;
  readonly cost: number;
  readonly calls: string;
}

@Injectable()
export class PreviewService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(KnownAccounts) private readonly known: KnownAccounts,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /** @throws HttpException 404 for an unknown API or group, 422 */
  async preview(question: Question, caller: Caller): Promise<Answer> {
    const scope = await scopeColumns(this.apis, question);
    const [byDefault, inForce, ceilings, change, warnings] = await Promise.all([
      this.#defaults(scope),
      this.#inForce(scope),
      this.database.query<{ role: string; times: number | null; days: number | null }[]>(
        'SELECT * FROM rollgate.ceiling',
      ),
      this.#change(scope, question),
      this.known.warningsOf(scope.account, caller),
    ]);
    const { effects, lowered, ...sets } = change;
    const lastHour = await this.#lastHour(scope, effects);
    const own = caller.permissions.has('overrides.write')
      ? ceilings.find(({ role }) => role === caller.role)
      : undefined;
    const times = own?.times ?? null;
    return {
      default: byDefault,
      inForce,
      sets,
      effects,
      lowered,
      warnings,
      ceiling: {
        mayWrite: own !== undefined,
        perMinute: times === null ? null : byDefault.perMinute * times,
        perHour: times === null ? null : byDefault.perHour * times,
        times,
        days: own?.days ?? null,
        above: ceilings.filter((other) => other.times === null).map(({ role }) => role),
      },
      lastHour,
    };
  }

  /** What such an override would change. Writes nothing. */
  async #change(scope: ScopeColumns, question: Question): Promise<Change> {
    const { perMinute, perHour, factor, extraMinute, extraHour, startsAt, expiresAt } = question;
    const limits = {
      per_minute: perMinute,
      per_hour: perHour,
      factor: factor ?? undefined,
      extra_minute: extraMinute ?? undefined,
      extra_hour: extraHour ?? undefined,
      starts_at: startsAt,
      expires_at: expiresAt,
    };
    const rows = await this.database.query<{ change: Change }[]>('SELECT rollgate.preview_override($1) AS change', [
      JSON.stringify({ ...scope, ...limits }),
    ]);
    return (rows[0] as { change: Change }).change;
  }

  async #defaults({ api, group_id }: ScopeColumns): Promise<Answer['default']> {
    const rows = await this.database.query<{ per_minute: number | null; per_hour: number | null }[]>(
      'SELECT per_minute, per_hour FROM rollgate.least_default WHERE group_id IS NOT DISTINCT FROM $1 AND api IS NOT DISTINCT FROM $2',
      [group_id, api],
    );
    const { per_minute: perMinute, per_hour: perHour } = rows[0] ?? { per_minute: null, per_hour: null };
    if (perMinute === null || perHour === null) {
      throw new HttpException(problem(404, `There is no API or group "${api ?? group_id}".`), 404);
    }
    return { perMinute, perHour };
  }

  async #inForce({ account, api, subject }: ScopeColumns): Promise<Answer['inForce']> {
    if (api === null) return null;
    const rows = await this.database.query<
      { per_minute: number; per_hour: number; source: string; mode: 'enforced' | 'shadow' }[]
    >('SELECT * FROM rollgate.limits_for($1, $2, $3)', [account, api, subject ?? '']);
    const row = rows[0];
    return row === undefined
      ? null
      : { perMinute: row.per_minute, perHour: row.per_hour, source: row.source, mode: row.mode };
  }

  /** The denied calls of the last hour, replayed under the new limits. */
  async #lastHour(scope: ScopeColumns, effects: Answer['effects']): Promise<Answer['lastHour']> {
    const limitsAfter = new Map(effects.map(({ api, after }) => [api, after]));
    const denials = await this.#denials(scope);
    const denied = denials.reduce((sum, { calls }) => sum + Number(calls), 0);
    const bySubject = new Map<string, DenialRow[]>();
    for (const row of denials) bySubject.set(row.subject, [...(bySubject.get(row.subject) ?? []), row]);
    let sum = 0;
    for (const [subject, rows] of [...bySubject].slice(0, MOST_SUBJECTS)) {
      const { api } = rows[0] as DenialRow;
      const limits = limitsAfter.get(api) ?? this.apis.defaultLimitsOf(api);
      if (limits === undefined) continue;
      const allowed = await this.database.query<{ second: number; units: number }[]>(
        `SELECT second, units FROM rollgate.usage_by_second($1, $2, clock_timestamp() - interval '2 hours') WHERE subject = $2`,
        [laneOf(scope.account), subject],
      );
      const calls = rows.map(({ second, cost, calls }) => ({ second: Number(second), cost, calls: Number(calls) }));
      sum += replay({ allowed, denied: calls }, limits).newlyAllowed;
    }
    return { denied, avoided: sum, complete: bySubject.size <= MOST_SUBJECTS };
  }

  async #denials({ account, group_id, api, subject }: ScopeColumns): Promise<DenialRow[]> {
    const conditions = new Conditions()
      .add('e.account = ?', account.normalize('NFC'))
      .add(`e.first_at > statement_timestamp() - interval '1 hour' AND e.first_at > ?`, daysOfLast({ hours: 1 }))
      .add(`e.kind = 'denied'`)
      .add('e.group_id = ?', group_id ?? undefined)
      .add('e.api = ?', api ?? undefined)
      .add('e.subject = ?', subject ?? undefined);
    return await this.database.query<DenialRow[]>(
      `SELECT e.subject, e.api, floor(extract(epoch FROM e.first_at))::bigint AS second, e.cost, sum(e.count) AS calls
       FROM rollgate.limit_event e ${conditions.where} GROUP BY 1, 2, 3, 4 ORDER BY 3`,
      conditions.values,
    );
  }
}
