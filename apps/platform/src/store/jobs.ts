/**
 * Jobs: a call starts a job and returns a request ID, which the status API reads. A job is in progress until its duration has
 * passed on the platform's clock; there is no worker.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable, NotFoundException } from '@nestjs/common';
import { isRequestId } from '../access/ids.js';
import { BoundedMap } from '../bounded-map.js';
import { Database } from './database.js';
import { CLOCK } from './injection-tokens.js';
import type { Place } from './place.js';

/** The owner of a job, and the API that started it. */
export interface JobRef extends Place {
  readonly id: string;
  readonly api: string;
}

export interface StartedJob {
  readonly requestId: string;
  readonly status: 'in_progress';
}

export interface JobStatus {
  readonly requestId: string;
  readonly status: 'in_progress' | 'completed';
  readonly percentCompleted: number;
  readonly startedAt: string;
  /** Set once the job is completed. */
  readonly completedAt?: string;
  readonly result?: unknown;
}

export const UNKNOWN_REQUEST_ID = 'There is no such request id for this API in your account.';

const JOB_DURATION_MS = 2000;
const REMEMBERED_JOBS = 50_000;

@Injectable()
export class Jobs {
  /** `null`: no such job. IDs are random, so an unknown one stays unknown. */
  readonly #remembered = new BoundedMap<string, JobRef | null>(REMEMBERED_JOBS);

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CLOCK) private readonly clock: () => number,
  ) {}

  /** `result`: the answer of the status API once the job is completed. */
  async start(place: Place, api: string, result: Readonly<Record<string, unknown>>): Promise<StartedJob> {
    const id = randomUUID();
    await this.database.query(
      `WITH change AS (
         INSERT INTO platform.changes (account, bot, event, ids) VALUES ($2, $3, $4 || ' started', ARRAY[$1::text])
       )
       INSERT INTO platform.jobs (id, account, bot, api, started_at_ms, duration_ms, result)
       VALUES ($1::uuid, $2, $3, $4, $5, $6, $7)`,
      [id, place.account, place.bot, api, Math.floor(this.clock()), JOB_DURATION_MS, JSON.stringify(result)],
    );
    return { requestId: id, status: 'in_progress' };
  }

  /** `undefined` for an unknown ID. */
  async find(id: string): Promise<JobRef | undefined> {
    if (!isRequestId(id)) return undefined;
    const remembered = this.#remembered.get(id);
    if (remembered !== undefined) return remembered ?? undefined;
    const { rows } = await this.database.query<JobRef>(
      'SELECT id::text, account, bot, api FROM platform.jobs WHERE id = $1',
      [id],
    );
    this.#remembered.set(id, rows[0] ?? null);
    return rows[0];
  }

  /** @throws NotFoundException when the job has been removed */
  async status({ id }: JobRef): Promise<JobStatus> {
    const { rows } = await this.database.query<{ startedAtMs: string; durationMs: number; result: unknown }>(
      `SELECT started_at_ms AS "startedAtMs", duration_ms AS "durationMs", result FROM platform.jobs WHERE id = $1`,
      [id],
    );
    const job = rows[0];
    if (!job) throw new NotFoundException(UNKNOWN_REQUEST_ID);
    const startedAtMs = Number(job.startedAtMs);
    const percentCompleted = Math.floor(Math.min(1, Math.max(0, (this.clock() - startedAtMs) / job.durationMs)) * 100);
    const startedAt = new Date(startedAtMs).toISOString();
    if (percentCompleted < 100) return { requestId: id, status: 'in_progress', percentCompleted, startedAt };
    const completedAt = new Date(startedAtMs + job.durationMs).toISOString();
    return { requestId: id, status: 'completed', percentCompleted, startedAt, completedAt, result: job.result };
  }

  /** Resolves to the number of removed jobs. */
  async remove(place: Place, api: string, id: string): Promise<number> {
    if (!isRequestId(id)) return 0;
    const { rowCount } = await this.database.query(
      'DELETE FROM platform.jobs WHERE id = $1 AND account = $2 AND bot = $3 AND api = $4',
      [id, place.account, place.bot, api],
    );
    this.#remembered.delete(id);
    return rowCount ?? 0;
  }
}
