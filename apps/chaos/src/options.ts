/** The command line. */
import { fileURLToPath } from 'node:url';
import { chosenNames, numberOption, parseOptions, typedCommand } from '@rollgate/testing';
import type { Experiment } from './experiments/experiment.js';
import { EXPERIMENTS } from './experiments/registry.js';

export const RESULTS_FILE = fileURLToPath(new URL('../results.json', import.meta.url));
const DEFAULT_SEED = 1;
const MOST_SECONDS = 3_600;

export const COMMAND = 'npm run chaos';

export const HELP = `${COMMAND} [-- <options>]: breaks what Rollgate stands on, and checks what it promised.

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

/** Parses the command line. @throws UsageError when it is invalid */
export function readOptions(args: readonly string[]): Options {
  const values = parseOptions({
    command: COMMAND,
    args,
    options: {
      only: { type: 'string', multiple: true },
      seed: { type: 'string' },
      seconds: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const chosen = chosenNames(
    values.only,
    EXPERIMENTS.map(({ name }) => name),
    (unknown) => `--only does not know "${unknown}"; see ${COMMAND} -- --help`,
  );
  return {
    help: values.help ?? false,
    experiments: EXPERIMENTS.filter(({ name }) => chosen.includes(name)),
    seed: numberOption('seed', values.seed, { most: 2 ** 31, whole: true }) ?? DEFAULT_SEED,
    seconds: numberOption('seconds', values.seconds, { most: MOST_SECONDS, whole: false }),
    command: typedCommand(COMMAND, args),
  };
}
