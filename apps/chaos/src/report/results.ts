/** The results of a run: the shape of results.json. */
type Verdict = 'holds' | 'failed' | 'skipped';

export interface Result {
  /** Start of the experiment. */
  readonly date: string;
  readonly name: string;
  readonly what: string;
  readonly seed: number;
  readonly seconds: number;
  readonly tookSeconds: number;
  readonly calls: number;
  readonly allowed: number;
  /**
   * Units above the limit, or above 1.5 times the limit in windows that touch an outage: the sum of each subject's
   * worst window.
   */
  readonly overLimit: number;
  readonly unjustified: number;
  /** Units that the database had acknowledged, but does not have. */
  readonly lost: number;
  readonly worstCallMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly verdict: Verdict;
  /** What does not hold; empty if everything holds. */
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

/** The text of results.json. */
export function resultsText(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`;
}
