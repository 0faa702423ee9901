/** What a run found: the shape of results.json. */
type Verdict = 'holds' | 'failed' | 'skipped';

export interface Result {
  /** When it began. */
  readonly date: string;
  readonly name: string;
  readonly what: string;
  readonly seed: number;
  readonly seconds: number;
  readonly tookSeconds: number;
  readonly calls: number;
  readonly admitted: number;
  /** Units above the limit, or above one and a half of it where an outage is touched: of each subject its worst window. */
  readonly overAdmissions: number;
  readonly unjustified: number;
  /** Units the database had acknowledged and then did not have. */
  readonly lost: number;
  readonly worstCallMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly verdict: Verdict;
  /** What was found wrong; empty: nothing. */
  readonly why: string;
  readonly notes: string;
}

export interface Results {
  readonly command: string;
  readonly date: string;
  readonly tookSeconds: number;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly system: string };
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly experiments: readonly Result[];
}

/** As results.json holds it. */
export function resultsText(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}
