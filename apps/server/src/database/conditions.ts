/** A WHERE clause built from the given filters; values are always passed as parameters. */
export class Conditions {
  readonly values: unknown[] = [];
  readonly #parts: string[] = [];

  /** `add('o.account = ?', account)`: an undefined filter is left out. */
  add(sql: string, ...values: unknown[]): this {
    if (values.some((value) => value === undefined)) return this;
    this.#parts.push(this.fill(sql, values));
    return this;
  }

  /** Replaces `?` by parameters and returns the text, for use elsewhere in the statement. */
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
