/** A WHERE clause put together from the filters that were given; values only ever as parameters. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #parts: string[] = [];

  /** `add('o.account = ?', account)`: a filter that was not given (undefined) is left out. */
  add(sql: string, ...values: unknown[]): this {
    if (values.some((value) => value === undefined)) return this;
    this.#parts.push(this.fill(sql, values));
    return this;
  }

  /** Puts values in place of `?` and returns the text, for use elsewhere in the statement. */
  fill(sql: string, values: readonly unknown[]): string {
    let next = 0;
    return sql.replace(/\?/g, () => {
      this.values.push(values[next++]);
      return `$${this.values.length}`;
    });
  }

  get where(): string {
    return this.#parts.length === 0 ? '' : `WHERE ${this.#parts.map((part) => `(${part})`).join(' AND ')}`;
  }
}
