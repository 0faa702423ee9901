/** One thing looked at. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; only where something is wrong. */
  readonly remedy?: string;
  /** The same for machines. Units are in the names. */
  readonly facts?: Readonly<Record<string, string | number | readonly string[]>>;
}
