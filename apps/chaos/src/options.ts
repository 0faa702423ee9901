/** The command line. */
import { fileURLToPath } from 'node:url';
import { chosenNames, numberOption, parseOptions, typedCommand } from '@rollgate/testing';
import type { Experiment } from './experiments/experiment.js';
import { EXPERIMENTS } from './experiments/registry.js';

export const RESULTS_FILE = fileURLToPath(new URL('../results.json', import.meta.url));
const DEFAULT_SEED = 1;
const MOST_SECONDS = 3_600;

export const COMMAND = 'npm run chaos';

export const HELP = `${COMMAND} [-- <options>]: injects faults under load, and checks that Rollgate keeps its guarantees.

Three instances send load to a durable Postgres while faults are injected. Each call and each statement is recorded, and
five checkers examine the records: SAFE (no limit is exceeded), LIVE (no call is denied without a cause), EXPLAINED (a
denial names its window and when to retry), RECON (the database has what it acknowledged) and EVER (the fault actually
happened). Takes about eleven minutes. Everything is stopped at the end, also on Ctrl-C. Missing system packages
(faketime, pgbouncer) are installed with apt-get.

  --only <names>   experiments to run, separated by commas
  --seed <n>       seed of the load and the faults (default ${DEFAULT_SEED})
  --seconds <n>    length of each load (default: that of the experiment)
  --help           show this help

Experiments:
${EXPERIMENTS.map(({ name, what }) => `  ${name.padEnd(21)}${what}`).join('\n')}

The results are written to apps/chaos/results.json and docs/reliability.md. Results of experiments that did not run are kept.
`;

export interface Options {
  readonly help: boolean;
  readonly experiments: readonly Experiment[];
  readonly seed: number;
  readonly seconds: number | undefined;
  /** The command line as it was typed, for the report. */
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
