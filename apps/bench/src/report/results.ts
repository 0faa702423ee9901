/** The results of a benchmark: the shape of results.json. */
import type { Summary } from '../load/statistics.js';

export type Unit = '/s' | 'ms' | 'µs' | 'bytes' | 'calls' | '%';

export interface Column {
  readonly key: string;
  readonly label: string;
  readonly unit: Unit;
}

export interface Row {
  readonly label: string;
  /** By the column's key. A value that was not measured is missing. */
  readonly values: Readonly<Record<string, Summary>>;
}

export interface Table {
  readonly title: string;
  readonly note?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** Key of the column that is drawn as bars. */
  readonly chart?: string;
}

/** One cell of the section `nodes`, measured on Rollgate. */
export interface GridPoint {
  readonly instances: number;
  /** By how much each flush is longer (`commit_delay`), ms. */
  readonly flushMs: number;
  /** Capacity: decisions per second of the closed loop. */
  readonly perSecond: number;
  /** Largest share of the calls of a load that the database did not decide in time, 0 to 1. */
  readonly withoutDatabase: number;
  /** Connections to the database, of all instances. */
  readonly connections: number;
  /** Open loops, in the order of their shares of the capacity. */
  readonly open: readonly { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number }[];
}

export interface SectionResult {
  readonly title: string;
  /** Describes the measurement in a few sentences. */
  readonly what: string;
  readonly tables: readonly Table[];
  /** By the keys of report/goals.ts. All ratios are taken within each round. */
  readonly ratios: Readonly<Record<string, Summary>>;
  /** The cells of the section `nodes`, which the simulation is compared with. */
  readonly grid?: readonly GridPoint[];
  /** When a batch leaves its lanes in the measured version: at its commit, or when it is on disk. */
  readonly lockRelease?: 'early' | 'flush';
  /** If the section was added later: when and how it was measured. */
  readonly added?: Pick<Results, 'command' | 'date' | 'tookSeconds'>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly fileSystem: string;
  /** Milliseconds to write and flush 8 kB, the minimum for one durable allowed call. */
  readonly flushMs: number;
}

export interface Results {
  readonly command: string;
  readonly date: string;
  readonly tookSeconds: number;
  /** `true` for short runs on small data, which check that the benchmark works and are not a measurement. */
  readonly quick: boolean;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: {
    readonly rounds: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
    readonly callers: number;
    readonly subjects: number;
    readonly accounts: number;
    readonly zipfExponent: number;
    readonly postgres: Readonly<Record<string, string>>;
    readonly redis: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
  readonly sections: Readonly<Record<string, SectionResult>>;
  /** The medians of all ratios. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** The text of results.json, with each list of numbers on one line, as the formatter requires. */
export function resultsText(results: Results): string {
  const lists = /\[\s+([-\d.e+]+(?:,\s+[-\d.e+]+)*)\s+\]/g;
  const text = JSON.stringify(results, null, 2);
  return `${text.replace(lists, (_, numbers: string) => `[${numbers.split(/,\s+/).join(', ')}]`)}\n`;
}
