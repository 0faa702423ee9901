/** Changes of the policy: one SQL function each, then a look of this node's limiter, so that it holds here at once. */
import { Inject, Injectable } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import { authorOf, type Caller } from '../../access/caller.js';
import type { Lowered } from '../../database/refusals.js';
import { LIMITER } from '../../limiting/limiting.module.js';

@Injectable()
export class PolicyWriter {
  constructor(
    private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
  ) {}

  /**
   * Calls a function of schema rollgate with `values`, the author, and `more` behind the author. Resolves to its first row:
   * the thing as this change left it, with the `history_id` of this change, whatever others do meanwhile.
   * @throws QueryFailedError; the problem filter knows the SQLSTATEs of refusals (RG…).
   */
  async call<Row>(
    name: string,
    values: readonly unknown[],
    caller: Caller,
    more: readonly unknown[] = [],
  ): Promise<Row> {
    const author = authorOf(caller);
    const place = (_: unknown, i: number) => `$${i + 1}`;
    const given = [...values, ...author, ...more].map(place);
    const by = `ROW(${given.slice(values.length, values.length + author.length).join()})::rollgate.author`;
    const places = [...given.slice(0, values.length), by, ...given.slice(values.length + author.length)];
    const rows = await this.database.query<Row[]>(`SELECT * FROM rollgate.${name}(${places.join()})`, [
      ...values,
      ...author,
      ...more,
    ]);
    await this.limiter.refreshPolicy();
    return rows[0] as Row;
  }

  /** What a change lowered, as its row of the history says. */
  async loweredBy(historyId: string | number | null): Promise<Lowered[]> {
    const rows = await this.database.query<{ lowered: Lowered[] | null }[]>(
      `SELECT after -> 'lowered' AS lowered FROM rollgate.history WHERE id = $1`,
      [historyId],
    );
    return rows[0]?.lowered ?? [];
  }
}
