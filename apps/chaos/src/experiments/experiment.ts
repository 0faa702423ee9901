/** What all experiments have in common: load, a history, and totals to compare it with. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@rollgate/testing';
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
  /** Determines the faults. Each instance has a generator of its own for the load. */
  readonly random: Random;
  /** Length of the load. */
  readonly seconds: number;
  /** Part of the name of its database. */
  readonly name: string;
}

/** A condition that an experiment checks in addition to the five checkers. */
interface Claim {
  readonly what: string;
  readonly holds: boolean;
}

export interface Outcome {
  readonly history: History;
  /** How often each fault happened. Each must have happened. */
  readonly faults: Readonly<Record<string, number>>;
  readonly safe: SafeOptions;
  /** `counter.total` of each subject at the end. `undefined`: RECON does not apply; a claim takes its place. */
  readonly totals?: ReadonlyMap<string, number>;
  readonly killed?: ReadonlySet<string>;
  /** `true`: the server crashed, which may lose grants that no caller has received. */
  readonly crashed?: boolean;
  readonly claims?: readonly Claim[];
  /** Acknowledged units that may be lost, and then allowed a second time. Default: 0. */
  readonly mayLose?: number;
  /** Measurements that do not affect the verdict. */
  readonly notes?: readonly string[];
  /** Calls that are not in the history. */
  readonly uncounted?: { readonly calls: number; readonly allowed: number; readonly worstMs: number };
}

export interface Experiment {
  readonly name: string;
  /** What is done, as a sentence without its full stop. */
  readonly what: string;
  /** Default length of the load. */
  readonly seconds: number;
  run(setting: Setting): Promise<Outcome>;
}

/** The limit of the hour is so high that the minute decides. */
export const LIMITS = { perMinute: 60, perHour: 3_000 } as const;
const LOAD: Load = { accounts: 12, bots: 2, perSecond: 150, costs: [1, 1, 1, 2, 3] };
export const INSTANCES = 3;

export interface World {
  readonly server: Server;
  /** Connects directly, as superuser. */
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
  /** The URL by which an instance reaches the database. Default: a direct connection. */
  readonly urlOf?: (url: string, index: number) => string;
  readonly limits?: InstanceJob['limits'];
  /** For each instance, or the same for all. */
  readonly load?: Partial<Load> | ((index: number) => Partial<Load>);
  readonly limiter?: InstanceJob['limiter'] | ((index: number) => InstanceJob['limiter']);
  readonly clock?: InstanceJob['clock'];
  readonly databaseUrlFile?: string;
  readonly cold?: boolean;
  readonly environments?: readonly Environment[];
  /** SQL to run in the new database. */
  readonly prepare?: string;
}

/** Creates a database and three instances for it, which are not started yet. */
export async function openWorld({ lab, seed, name }: Setting, options: WorldOptions = {}): Promise<World> {
  const server = options.server ?? (await lab.shared());
  const database = `chaos_${name.replaceAll('-', '_')}`; // PgBouncer reserves its own name
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

/** Until the others count an instance, it decides nothing without the database, and the load would begin with refusals. */
async function untilAllAreCounted(url: string, instances: number): Promise<void> {
  const sql = `SELECT count(*) FILTER (WHERE counted >= ${instances})::int AS counted FROM rollgate.instance`;
  const areCounted = async () => {
    const [found] = await queryOnce<{ counted: number }>(url, sql);
    return (found?.counted ?? 0) >= instances;
  };
  await until(areCounted, { what: 'the instances count each other', pauseMs: 100 });
}

export async function readTotals(url: string): Promise<Map<string, number>> {
  const rows = await queryOnce<{ subject: string; total: string }>(url, 'SELECT subject, total FROM rollgate.counter');
  return new Map(rows.map(({ subject, total }) => [subject, Number(total)]));
}

/** The denied calls in the database's limit events. */
export async function denialsOnRecord({ query }: Pick<World, 'query'>): Promise<number> {
  const [row] = await query<{ calls: string }>(
    `SELECT coalesce(sum(count), 0) AS calls FROM rollgate.limit_event WHERE kind = 'denied'`,
  );
  return Number(row?.calls);
}

/** The part of the outcome that all experiments have in common, once the instances have ended. */
export async function outcomeOf(world: World): Promise<Pick<Outcome, 'history' | 'totals' | 'killed' | 'safe'>> {
  return {
    history: world.history(),
    totals: await world.totals(),
    killed: world.fleet.killed,
    safe: { limits: LIMITS },
  };
}

export const wait = (seconds: number): Promise<void> => sleep(seconds * 1000);

/** Counts failed statements by SQLSTATE or message. */
export function errorsIn({ statements }: History): Record<string, number> {
  const errors: Record<string, number> = {};
  for (const { answer } of statements) if (answer?.error) errors[answer.error] = (errors[answer.error] ?? 0) + 1;
  return errors;
}

/**
 * An instance that does not know yet how many instances share the database has no share of a limit, so it refuses calls
 * for now.
 */
export function isDecidedOrRefused({ error }: { readonly error: string | null }): boolean {
  return error === null || error === 'the limit can not be checked at the moment' || error.startsWith(NOT_REACHED);
}

const NOT_REACHED = 'the limiter has not reached its database yet';

export const countOf = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length;
