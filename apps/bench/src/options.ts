/** The command line. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenNames, numberOption, parseOptions, typedCommand } from '@rollgate/testing';
import type { Plan } from './sections/bench.js';

export const SECTION_NAMES = ['decisions', 'latency', 'denied', 'http', 'growth', 'nodes', 'bytes', 'reads'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

export const RESULTS_FILE = fileURLToPath(new URL('../results.json', import.meta.url));

/** With longer measurements a growth run would take longer than the minute that it simulates. */
const MOST_SECONDS = 30;

export const COMMAND = 'npm run bench';

export const HELP = `${COMMAND} [-- <options>]: compares Rollgate with other rate limiters on this machine, in one run.

Starts an embedded Postgres that flushes every allowed call, and Redis (installed with apt-get if it is missing). The
contenders take turns. All servers are stopped at the end, also on Ctrl-C. Takes about half an hour, the section "reads"
as long again, and "nodes" (many instances) a quarter of an hour; with --quick, a minute.

  --quick              short runs on small data, to check that everything works; the numbers mean little
  --only <sections>    sections to run, separated by commas: ${SECTION_NAMES.join(', ')}
  --rounds <n>         rounds of each contender (default 5; with --quick up to 3, as time allows)
  --seconds <n>        length of one measurement, up to ${MOST_SECONDS} (default 3; with --quick 0.4)
  --subjects <n>       subjects of the section reads (default 10,000,000; with --quick 100,000)
  --events <n>         limit events of the section reads (default 30,000,000; with --quick 300,000)
  --add                keep the other sections of the file for the results, as they are
  --out <file>         file for the results (default apps/bench/results.json)
  --json               also print the results as JSON, as the last line
  --help               show this help

To generate docs/performance.md from the results: node apps/bench/dist/write-performance-doc.js
`;

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly sections: readonly SectionName[];
  /** Keep the other sections of the file. */
  readonly add: boolean;
  readonly plan: Plan;
  readonly out: string;
  /** The command line as it was typed, for the report. */
  readonly command: string;
}

/** Parses the command line. @throws UsageError when it is invalid */
export function readOptions(args: readonly string[]): Options {
  const values = parseOptions({
    command: COMMAND,
    args,
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      subjects: { type: 'string' },
      events: { type: 'string' },
      add: { type: 'boolean' },
      out: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const quick = values.quick ?? false;
  const seconds = numberOption('seconds', values.seconds, { most: MOST_SECONDS, whole: false }) ?? (quick ? 0.4 : 3);
  const rounds = numberOption('rounds', values.rounds, { most: 1000, whole: true }) ?? (quick ? 3 : 5);
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    sections: chosenNames(
      values.only,
      SECTION_NAMES,
      (unknown) => `--only must be some of ${SECTION_NAMES.join(', ')}, not "${unknown}"`,
    ),
    add: values.add ?? false,
    plan: { quick, rounds, seconds, warmUpSeconds: Math.min(1, seconds / 2), reads: readsOf(values, quick) },
    out: values.out === undefined ? RESULTS_FILE : resolve(process.env['INIT_CWD'] ?? process.cwd(), values.out),
    command: typedCommand(COMMAND, args),
  };
}

const MOST_READS = 100_000_000;

function readsOf(
  { subjects, events }: { subjects?: string | undefined; events?: string | undefined },
  quick: boolean,
): Plan['reads'] {
  const scale = quick ? 100 : 1;
  return {
    subjects: numberOption('subjects', subjects, { most: MOST_READS, whole: true }) ?? 10_000_000 / scale,
    events: numberOption('events', events, { most: MOST_READS, whole: true }) ?? 30_000_000 / scale,
  };
}
