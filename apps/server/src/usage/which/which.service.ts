import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { ApiEntry } from '@rollgate/contract';
import { encodeAccount, type Limiter, subjectKey } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Caller } from '../../authentication/caller.js';
import { problem } from '../../http/problem.js';
import { refuseInternal } from '../../limiting/known-accounts.service.js';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { LIMITER } from '../../limiting/limiter-token.js';
import { dimensionsOf, scopeColumns } from '../../limiting/subjects.js';
import { reasonOf } from './reasons.js';
import type { Candidate, Code, WhichAnswer, whichLimit } from './which.schemas.js';

type Question = z.output<typeof whichLimit>;

/** The most rules that an answer lists. An account may have thousands of overrides for single subjects. */
const MOST_RULES = 200;

interface CandidateRow {
  readonly kind: Candidate['kind'];
  readonly source: string;
  readonly group_id: string | null;
  readonly api: string | null;
  readonly subject: string | null;
  readonly set_minute: number | null;
  readonly set_hour: number | null;
  readonly factor: string | null;
  readonly extra_minute: number | null;
  readonly extra_hour: number | null;
  readonly mode: 'enforced' | 'shadow' | null;
  readonly starts_at: Date | null;
  readonly ends_at: Date | null;
  readonly per_minute: number;
  readonly per_hour: number;
  readonly code: Code;
  readonly than: string | null;
  readonly sets_mode: boolean;
  readonly rules: string;
  readonly at: Date;
}

@Injectable()
export class WhichService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /** Finds the rule that sets a call's limits, and why each other rule does not apply. Spends no unit. @throws HttpException 404, 422 */
  async which(question: Question, { permissions }: Pick<Caller, 'permissions'>): Promise<WhichAnswer> {
    const { account, api, plan, at } = question;
    refuseInternal(account);
    const entry = await this.apis.find(api);
    if (entry === undefined) throw new HttpException(problem(404, `There is no API "${api}".`), 404);
    const subject = await this.#subject(entry, question);
    const rows = await this.database.query<CandidateRow[]>(
      `SELECT * FROM (
         SELECT c.*, count(*) OVER () AS rules, clock.at
         FROM (SELECT coalesce($4::timestamptz, clock_timestamp()) AS at OFFSET 0) clock
         CROSS JOIN LATERAL rollgate.limit_candidates($1, $2, $3, clock.at, $5) c) f
       WHERE f.code IN ('applies', 'base') OR f.sets_mode OR f.place <= ${MOST_RULES} ORDER BY f.place`,
      [account, api, subject ?? '', at ?? null, plan ?? null],
    );
    const applying = rows.find(({ code }) => code === 'applies') as CandidateRow;
    const limits = { perMinute: applying.per_minute, perHour: applying.per_hour };
    const mode = rows.find(({ sets_mode }) => sets_mode)?.mode ?? 'enforced';
    const readable = rows.filter(
      ({ kind, code }) =>
        code === 'applies' || kind === 'default' || permissions.has(kind === 'plan' ? 'plans.read' : 'overrides.read'),
    );
    return {
      account,
      api,
      apiTitle: entry.title,
      subject,
      at: applying.at.toISOString(),
      applies: { ...limits, source: applying.source, mode },
      quarantine: at === undefined ? await this.#quarantine(limits) : null,
      windows: subject === null ? null : await this.#windows(question),
      items: readable.map(candidateView),
      more: Number(applying.rules) > rows.length,
    };
  }

  /** The subject's key; null: the call names none. */
  async #subject(entry: ApiEntry, { account, api, dimensions }: Question): Promise<string | null> {
    if (dimensions !== undefined) return (await scopeColumns(this.apis, { account, api, dimensions })).subject;
    return entry.level.every((name) => name === 'account') ? subjectKey(entry, encodeAccount(account), {}) : null;
  }

  async #quarantine({
    perMinute,
    perHour,
  }: {
    perMinute: number;
    perHour: number;
  }): Promise<WhichAnswer['quarantine']> {
    const [found] = await this.database.query<{ until: Date; reason: string }[]>(
      `SELECT q.until, q.reason FROM rollgate.quarantine q
       WHERE q.since <= clock_timestamp() AND q.until > clock_timestamp() ORDER BY q.until DESC LIMIT 1`,
    );
    if (found === undefined) return null;
    const half = { perMinute: Math.floor(perMinute / 2), perHour: Math.floor(perHour / 2) };
    return { ...half, until: found.until.toISOString(), reason: found.reason };
  }

  async #windows({ account, api, dimensions = {}, plan }: Question): Promise<WhichAnswer['windows']> {
    const { windows, atMs } = await this.limiter.peek({ account, api, dimensions, plan });
    const view = ({ used, remaining }: { used: number; remaining: number }) => ({ used, remaining });
    return { asOf: new Date(atMs).toISOString(), minute: view(windows.minute), hour: view(windows.hour) };
  }
}

function candidateView(row: CandidateRow): Candidate {
  const facts = {
    code: row.code,
    than: row.than,
    source: row.source,
    startsAt: row.starts_at?.toISOString() ?? null,
    endsAt: row.ends_at?.toISOString() ?? null,
  };
  return {
    ...facts,
    kind: row.kind,
    group: row.group_id,
    api: row.api,
    dimensions: dimensionsOf(row.subject),
    sets: {
      perMinute: row.set_minute,
      perHour: row.set_hour,
      factor: row.factor === null ? null : Number(row.factor),
      extraMinute: row.extra_minute,
      extraHour: row.extra_hour,
    },
    gives: { perMinute: row.per_minute, perHour: row.per_hour },
    mode: row.mode,
    setsMode: row.sets_mode,
    why: reasonOf(facts),
  };
}
