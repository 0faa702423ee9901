/** Selects an even fraction of each API's grants: with 0.01 every hundredth one, without random numbers. */
export class Sampler {
  readonly #apis = new Map<string, { readonly fraction: number; owed: number }>();

  /** @throws RangeError when a fraction is not between 0 and 1 */
  constructor(fractions: Readonly<Record<string, number>>) {
    for (const [api, fraction] of Object.entries(fractions)) {
      if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`sample of ${api}: must be between 0 and 1`);
      if (fraction > 0) this.#apis.set(api, { fraction, owed: 0 });
    }
  }

  /** Whether this grant belongs to the sample. */
  takes(api: string): boolean {
    const sampled = this.#apis.get(api);
    if (sampled === undefined) return false;
    sampled.owed += sampled.fraction;
    // In floating point, a hundred times 0.01 is slightly less than 1.
    if (sampled.owed < 1 - 1e-9) return false;
    sampled.owed -= 1;
    return true;
  }
}
