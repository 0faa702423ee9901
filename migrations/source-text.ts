type Replacement = string | ((...groups: string[]) => string);

/** SQL made from other SQL by replacements that must find what they replace, so that a changed source fails loudly. */
export class SourceText {
  readonly #maker: string;
  #value: string;

  /** `maker` is the file that makes the SQL, for messages. */
  constructor(maker: string, source: string) {
    this.#maker = maker;
    this.#value = source;
  }

  get value(): string {
    return this.#value;
  }

  /** @throws Error unless the source has it exactly once */
  replace(what: string | RegExp, by: Replacement): void {
    this.replaceEach(what, by, 1);
  }

  /** @throws Error unless the source has it this many times */
  replaceEach(what: string | RegExp, by: Replacement, times: number): void {
    const found = this.#replaceAll(what, by);
    if (found !== times) this.#refuse(what, `${times} times in its source, and found it ${found} times`);
  }

  /** @throws Error if the source does not have it */
  replaceAll(what: string | RegExp, by: Replacement): void {
    if (this.#replaceAll(what, by) === 0) this.#refuse(what, 'in its source');
  }

  /** Returns how often it was replaced. */
  #replaceAll(what: string | RegExp, by: Replacement): number {
    const pattern =
      typeof what === 'string' ? new RegExp(what.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'g') : new RegExp(what, 'g');
    const found = this.#value.match(pattern)?.length ?? 0;
    this.#value = this.#value.replace(pattern, typeof by === 'string' ? () => by : by);
    return found;
  }

  #refuse(what: string | RegExp, where: string): never {
    throw new Error(`${this.#maker} expects ${JSON.stringify(String(what))} ${where}`);
  }
}
