/** The command line. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Experiment } from './experiments/experiment.js';
import { EXPERIMENTS } from './experiments/registry.js';

export const RESULTS_FILE = fileURLToPath(new URL('../results.json', import.meta.url));
const DEFAULT_SEED = 1;
const MOST_SECONDS = 3_600;

export const HELP = `npm run chaos [-- <options>]: breaks what Rollgate stands on, and checks what it promised.

Three instances under load, a durable Postgres of their own, and one fault after another. Each call and each statement is
on record, and five checkers go through it: SAFE (never over), LIVE (never denied without cause), EXPLAINED (a denial
names its window and its time), RECON (the database has what it acknowledged) and EVER (the fault truly happened). About eleven minutes; all of it is stopped at the end,
also on Ctrl-C. Packages of the system that are missing (faketime, pgbouncer) are installed with apt-get.

  --only <names>   some of the experiments, separated by commas
  --seed <n>       drives load and faults (default ${DEFAULT_SEED})
  --seconds <n>    length of each load (default: each has its own)
  --help

Experiments:
${EXPERIMENTS.map(({ name, what }) => `  ${name.padEnd(19)}${what}`).join('\n')}

What was found goes to apps/chaos/results.json and docs/reliability.md; what did not run stays there as it was.
`;

export interface Options {
  readonly help: boolean;
  readonly experiments: readonly Experiment[];
  readonly seed: number;
  readonly seconds: number | undefined;
  /** As it was typed. */
  readonly command: string;
}

/** A command line that can't be understood. Its message is for the terminal as it is. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  return {
    help: values.help ?? false,
    experiments: experimentsOf(values.only),
    seed: number('seed', values.seed, { most: 2 ** 31, whole: true }) ?? DEFAULT_SEED,
    seconds: number('seconds', values.seconds, { most: MOST_SECONDS, whole: false }),
    command: ['npm run chaos', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string', multiple: true },
        seed: { type: 'string' },
        seconds: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ', 1)[0]}; see npm run chaos -- --help`);
  }
}

function experimentsOf(only: readonly string[] | undefined): readonly Experiment[] {
  if (only === undefined) return EXPERIMENTS;
  const asked = only.flatMap((list) => list.split(',')).map((name) => name.trim());
  const unknown = asked.find((name) => !EXPERIMENTS.some((known) => known.name === name));
  if (unknown !== undefined) throw new UsageError(`--only does not know "${unknown}"; see npm run chaos -- --help`);
  return EXPERIMENTS.filter(({ name }) => asked.includes(name));
}

function number(
  name: string,
  text: string | undefined,
  { most, whole }: { most: number; whole: boolean },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= most && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(`--${name} must be a ${whole ? 'whole ' : ''}number above 0, at most ${most}, not "${text}"`);
}
