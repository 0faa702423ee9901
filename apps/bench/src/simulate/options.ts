/** The command line of the simulation. */
import { resolve } from 'node:path';
import { numberOption, parseOptions, UsageError } from '@rollgate/testing';
import { RESULTS_FILE } from '../options.js';
import { DEFAULTS } from './costs.js';
import type { LockRelease } from './database.js';
import type { Costs, Deployment } from './simulation.js';

const COMMAND = 'npm run simulate';

export const HELP = `${COMMAND} [-- <options>]: predicts the latency and the capacity of a deployment of Rollgate.

Simulates the calls of a cluster: batches, lane locks, cores, round trips and flushes. The costs of a call, a row and a batch
come from the figures in apps/bench/results.json, so they are those of that machine. Not simulated: the first decision of a
subject in a minute, denials, and other load.

  --rate <n>           calls per second of all instances, at random times; predicts the latency, beside the capacity
  --instances <n>      instances (default 1)
  --stripes <n>        stripes of each instance (default ${DEFAULTS.stripes})
  --max-items <n>      most rows in a batch (default ${DEFAULTS.maxItems.toLocaleString('en')})
  --round-trip <ms>    round trip between instance and database (default 0.5)
  --flush <ms>         time of a flush of the log (default 1)
  --commit-delay <ms>  commit_delay of the database, with commit_siblings = 0 (default 0)
  --lock-release <at>  when a batch leaves its lanes: early (at its commit) or flush (when it is on disk) (default ${DEFAULTS.release})
  --cores <n>          cores of the database (default 2)
  --shared-cores       the instances run on the cores of the database, too; without it each has one of its own
  --subjects <n>       subjects that get calls (default 10,000)
  --accounts <n>       accounts of these subjects (default 1,000)
  --call-us, --row-us, --batch-us, --crowded-us <n>
                       core time of a call in the application, of a row, of a batch, and of a program that starts while all
                       cores are busy, in addition, µs (default: from results.json)
  --seed <n>           seed of the random times (default 1)
  --results <file>     results of the benchmark (default apps/bench/results.json)
  --check              compare with the section "nodes" of results.json, as a table
  --json               print JSON
  --help               show this help
`;

export interface SimulateOptions {
  readonly help: boolean;
  readonly json: boolean;
  readonly check: boolean;
  /** The file with the results of the benchmark. */
  readonly results: string;
  readonly perSecond: number | undefined;
  readonly seed: number;
  /** The costs that were set. */
  readonly costs: Partial<Costs>;
  readonly deployment: Omit<Deployment, 'costs'>;
}

const FLAGS = { type: 'boolean' } as const;
const TEXT = { type: 'string' } as const;
const RELEASES: readonly LockRelease[] = ['early', 'flush'];

const OPTIONS = {
  rate: TEXT,
  instances: TEXT,
  stripes: TEXT,
  'max-items': TEXT,
  'round-trip': TEXT,
  flush: TEXT,
  'commit-delay': TEXT,
  'lock-release': TEXT,
  cores: TEXT,
  'shared-cores': FLAGS,
  subjects: TEXT,
  accounts: TEXT,
  'call-us': TEXT,
  'row-us': TEXT,
  'batch-us': TEXT,
  'crowded-us': TEXT,
  seed: TEXT,
  results: TEXT,
  check: FLAGS,
  json: FLAGS,
  help: { type: 'boolean', short: 'h' },
} as const;

/** Parses the command line. @throws UsageError when it is invalid */
export function readOptions(args: readonly string[]): SimulateOptions {
  const values = parseOptions({ command: COMMAND, args, options: OPTIONS });
  type NumberName = Exclude<
    keyof typeof values,
    'lock-release' | 'shared-cores' | 'results' | 'check' | 'json' | 'help'
  >;
  const count = (name: NumberName, most: number) => numberOption(name, values[name], { most, whole: true });
  const time = (name: NumberName, most: number) => numberOption(name, values[name], { most, whole: false, zero: true });
  const micros = (name: NumberName) => {
    const us = time(name, 1_000_000);
    return us === undefined ? undefined : us / 1000;
  };
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    check: values.check ?? false,
    results:
      values.results === undefined ? RESULTS_FILE : resolve(process.env['INIT_CWD'] ?? process.cwd(), values.results),
    perSecond: numberOption('rate', values.rate, { most: 4_000_000, whole: false }),
    seed: count('seed', 2 ** 32 - 1) ?? 1,
    costs: withoutUndefined({
      callMs: micros('call-us'),
      rowMs: micros('row-us'),
      batchMs: micros('batch-us'),
      crowdedMs: micros('crowded-us'),
    }),
    deployment: {
      ...DEFAULTS,
      instances: count('instances', 1_000) ?? 1,
      stripes: count('stripes', 64) ?? DEFAULTS.stripes,
      maxItems: count('max-items', 100_000) ?? DEFAULTS.maxItems,
      roundTripMs: time('round-trip', 1_000) ?? 0.5,
      flushMs: time('flush', 1_000) ?? 1,
      commitDelayMs: time('commit-delay', 100) ?? 0,
      release: releaseOf(values['lock-release']),
      cores: count('cores', 1_024) ?? 2,
      sharedCores: values['shared-cores'] ?? false,
      subjects: count('subjects', 100_000_000) ?? 10_000,
      accounts: count('accounts', 100_000_000) ?? 1_000,
    },
  };
}

function releaseOf(text: string | undefined): LockRelease {
  const found = RELEASES.find((name) => name === (text ?? DEFAULTS.release));
  if (found === undefined) throw new UsageError(`--lock-release must be ${RELEASES.join(' or ')}, not "${text}"`);
  return found;
}

function withoutUndefined(costs: { readonly [Name in keyof Costs]?: number | undefined }): Partial<Costs> {
  return Object.fromEntries(Object.entries(costs).filter(([, ms]) => ms !== undefined));
}
