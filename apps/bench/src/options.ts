/** The command line. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Plan } from './sections/bench.js';

export const SECTION_NAMES = ['decisions', 'latency', 'denied', 'http', 'growth', 'bytes'] as const;
export type SectionName = (typeof SECTION_NAMES)[number];

export const RESULTS_FILE = fileURLToPath(new URL('../results.json', import.meta.url));

/** With longer measurements a growth run would take longer than the minute that it simulates. */
const MOST_SECONDS = 30;

export const HELP = `npm run bench [-- <options>]: compares Rollgate with other rate limiters on this machine, in one run.

Starts an embedded Postgres that flushes every allowed call, and Redis (installed with apt-get if it is missing). The
contenders take turns. All servers are stopped at the end, also on Ctrl-C. Takes about half an hour; with --quick, a minute.

  --quick              short runs on small data, to check that everything works; the numbers mean little
  --only <sections>    sections to run, separated by commas: ${SECTION_NAMES.join(', ')}
  --rounds <n>         rounds of each contender (default 5; with --quick up to 3, as time allows)
  --seconds <n>        length of one measurement, up to ${MOST_SECONDS} (default 3; with --quick 0.4)
  --out <file>         file for the results (default apps/bench/results.json)
  --json               also print the results as JSON, as the last line
  --help               show this help

To generate docs/performance.md from the results: node apps/bench/dist/write-performance-doc.js
`;

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly sections: readonly SectionName[];
  readonly plan: Plan;
  readonly out: string;
  /** The command line as it was typed, for the report. */
  readonly command: string;
}

/** An invalid command line. The message is shown to the user unchanged. */
export class UsageError extends Error {}

/** Parses the command line. @throws UsageError when it is invalid */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const quick = values.quick ?? false;
  const seconds = number('seconds', values.seconds, { most: MOST_SECONDS, whole: false }) ?? (quick ? 0.4 : 3);
  const rounds = number('rounds', values.rounds, { most: 1000, whole: true }) ?? (quick ? 3 : 5);
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    sections: sectionsOf(values.only),
    plan: { quick, rounds, seconds, warmUpSeconds: Math.min(1, seconds / 2) },
    out: values.out === undefined ? RESULTS_FILE : resolve(process.env['INIT_CWD'] ?? process.cwd(), values.out),
    command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        seconds: { type: 'string' },
        out: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ', 1)[0]}; see npm run bench -- --help`);
  }
}

function sectionsOf(only: readonly string[] | undefined): SectionName[] {
  if (only === undefined) return [...SECTION_NAMES];
  const asked = only.flatMap((list) => list.split(',')).map((name) => name.trim());
  const unknown = asked.find((name) => !SECTION_NAMES.some((known) => known === name));
  if (unknown !== undefined)
    throw new UsageError(`--only must be some of ${SECTION_NAMES.join(', ')}, not "${unknown}"`);
  return SECTION_NAMES.filter((name) => asked.includes(name));
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
