/** What a bench found: the shape of results.json. */
import type { Summary } from '../load/statistics.js';

export type Unit = '/s' | 'ms' | 'µs' | 'bytes' | 'calls';

export interface Column {
  readonly key: string;
  readonly label: string;
  readonly unit: Unit;
}

export interface Row {
  readonly label: string;
  /** By the column's key; one that was not measured is missing. */
  readonly values: Readonly<Record<string, Summary>>;
}

export interface Table {
  readonly title: string;
  readonly note?: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** The column that is drawn as bars. */
  readonly chart?: string;
}

export interface SectionResult {
  readonly title: string;
  /** What was done, in a few sentences. */
  readonly what: string;
  readonly tables: readonly Table[];
  /** By the keys of report/goals.ts; all of them are taken round by round. */
  readonly ratios: Readonly<Record<string, Summary>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly fileSystem: string;
  /** Milliseconds that writing and flushing 8 kB takes: the floor under one durable grant. */
  readonly flushMs: number;
}

export interface Results {
  readonly command: string;
  readonly date: string;
  readonly tookSeconds: number;
  /** Short runs on small data, to see that it all works: no measurement. */
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
  /** Medians. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** As results.json holds it: lists of numbers on one line, which is also how the linter formats them. */
export function resultsText(results: Results): string {
  const lists = /\[\s+([-\d.e+]+(?:,\s+[-\d.e+]+)*)\s+\]/g;
  const text = JSON.stringify(results, null, 2);
  return `${text.replace(lists, (_, numbers: string) => `[${numbers.split(/,\s+/).join(', ')}]`)}\n`;
}
