/** What an experiment is, and what all of them have in common: load, a history, and totals to compare it with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SafeOptions } from '../checkers/safe.js';
import type { History } from '../history/record.js';
import type { InstanceJob, Load } from '../instance/job.js';
import { type Environment, Fleet } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import { queryOnce, type Server } from '../lab/server.js';
import type { Random } from '../random.js';

export interface Setting {
  readonly lab: Lab;
  readonly seed: number;
  /** Of faults; each instance has its own. */
  readonly random: Random;
  /** How long the load goes on. */
  readonly seconds: number;
  /** Names its database. */
  readonly name: string;
}

/** A statement of its own that an experiment makes, besides the checkers. */
interface Claim {
  readonly what: string;
  readonly holds: boolean;
}

export interface Outcome {
  readonly history: History;
  /** What happened, and how often: each must have. */
  readonly faults: Readonly<Record<string, number>>;
  readonly safe: SafeOptions;
  /** `counter.total` at the end. `undefined`: units are not reconciled here, a claim says why. */
  readonly totals?: ReadonlyMap<string, number>;
  readonly killed?: ReadonlySet<string>;
  readonly claims?: readonly Claim[];
  /** Acknowledged units that may be lost, and may then be admitted once more: the stated loss. None by default. */
  readonly mayLose?: number;
  /** Measured, not judged. */
  readonly notes?: readonly string[];
  /** Calls that were made without a history. */
  readonly uncounted?: { readonly calls: number; readonly admitted: number; readonly worstMs: number };
}

export interface Experiment {
  readonly name: string;
  /** One line: what is done to it. */
  readonly what: string;
  /** Length of its load by default. */
  readonly seconds: number;
  run(setting: Setting): Promise<Outcome>;
}

/** 3,000 an hour leave the minute to decide. */
export const LIMITS = { perMinute: 60, perHour: 3_000 } as const;
const LOAD: Load = { accounts: 12, bots: 2, perSecond: 150, costs: [1, 1, 1, 2, 3] };
export const INSTANCES = 3;

export interface World {
  readonly server: Server;
  /** Direct, as superuser. */
  readonly url: string;
  readonly database: string;
  readonly fleet: Fleet;
  readonly file: string;
  history(): History;
  query<Row extends object>(text: string): Promise<Row[]>;
  totals(): Promise<Map<string, number>>;
}

export interface WorldOptions {
  readonly server?: Server;
  /** By which instances reach the database, by index; straight by default. */
  readonly urlOf?: (url: string, index: number) => string;
  readonly limits?: InstanceJob['limits'];
  /** By the index of the instance, or the same for all. */
  readonly load?: Partial<Load> | ((index: number) => Partial<Load>);
  readonly limiter?: InstanceJob['limiter'] | ((index: number) => InstanceJob['limiter']);
  readonly clock?: InstanceJob['clock'];
  readonly databaseUrlFile?: string;
  readonly cold?: boolean;
  readonly environments?: readonly Environment[];
  /** SQL run in the new database. */
  readonly prepare?: string;
}

/** A database of its own and three instances on it, not started yet. */
export async function openWorld({ lab, seed, name }: Setting, options: WorldOptions = {}): Promise<World> {
  const server = options.server ?? (await lab.shared());
  const database = `chaos_${name.replaceAll('-', '_')}`; // PgBouncer keeps its own name for itself
  const url = await server.database(database);
  if (options.prepare !== undefined) await queryOnce(url, options.prepare);
  const file = lab.path(`${name}.jsonl`);
  const { limiter, clock, load } = options;
  const environments = options.environments ?? Array.from({ length: INSTANCES }, () => ({}));
  const jobOf = (index: number, life: number): InstanceJob => ({
    name: `n${index + 1}.${life}`,
    seed: seed * 1009 + index * 31 + life,
    databaseUrl: options.urlOf?.(url, index) ?? url,
    historyFile: file,
    limits: options.limits ?? LIMITS,
    load: { ...LOAD, ...(typeof load === 'function' ? load(index) : load) },
    ...(clock ? { clock } : {}),
    ...(options.databaseUrlFile === undefined ? {} : { databaseUrlFile: options.databaseUrlFile }),
    ...(options.cold === undefined ? {} : { cold: options.cold }),
    limiter: { budgetMs: 2_000, ...(typeof limiter === 'function' ? limiter(index) : limiter) },
  });
  const fleet = new Fleet(jobOf, environments, async () => {
    if (!options.cold) await untilAllAreCounted(url, environments.length);
  });
  lab.atEnd(() => fleet.abandon());
  const query = <Row extends object>(text: string) => queryOnce<Row>(url, text);
  return {
    server,
    url,
    database,
    fleet,
    file,
    query,
    history: () => lab.history(file),
    totals: () => readTotals(url),
  };
}

/** An instance that the others do not count yet decides nothing by itself: with `closed` answers the load would begin. */
async function untilAllAreCounted(url: string, instances: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const sql = `SELECT count(*) FILTER (WHERE counted >= ${instances})::int AS counted FROM rollgate.instance`;
    const [found] = await queryOnce<{ counted: number }>(url, sql);
    if ((found?.counted ?? 0) >= instances) return;
    await sleep(100);
  }
  throw new Error('the instances do not count each other');
}

export async function readTotals(url: string): Promise<Map<string, number>> {
  const rows = await queryOnce<{ subject: string; total: string }>(url, 'SELECT subject, total FROM rollgate.counter');
  return new Map(rows.map(({ subject, total }) => [subject, Number(total)]));
}

/** Denied calls that the events of the database count. */
export async function denialsOnRecord({ query }: Pick<World, 'query'>): Promise<number> {
  const [row] = await query<{ calls: string }>(
    `SELECT coalesce(sum(count), 0) AS calls FROM rollgate.limit_event WHERE kind = 'denied'`,
  );
  return Number(row?.calls);
}

/** What every experiment tells when its instances have ended. */
export async function outcomeOf(world: World): Promise<Pick<Outcome, 'history' | 'totals' | 'killed' | 'safe'>> {
  return {
    history: world.history(),
    totals: await world.totals(),
    killed: world.fleet.killed,
    safe: { limits: LIMITS },
  };
}

export const wait = (seconds: number): Promise<void> => sleep(seconds * 1000);

/** Answers that were refused or lost, by what was said. */
export function errorsIn({ statements }: History): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { answer } of statements) if (answer?.error) errors[answer.error] = (errors[answer.error] ?? 0) + 1;
  return errors;
}

/** An instance that does not know yet how many share the database has no part of a limit: it refuses with a time to come back. */
export function isDecidedOrRefused({ error }: { readonly error: string | null }): boolean {
  return error === null || error === 'the limit can not be checked at the moment' || error.startsWith(NOT_REACHED);
}

const NOT_REACHED = 'the limiter has not reached its database yet';

export const countOf = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
