/** Changes of the policy: one SQL function each, then a look of this node's limiter, so that it holds here at once. */
import { Inject, Injectable } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import { authorOf, type Caller } from '../../access/caller.js';
import { LIMITER } from '../../limiting/limiting.module.js';

@Injectable()
export class PolicyWriter {
  constructor(
    private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
  ) {}

  /**
   * Calls a function of schema rollgate whose last parameter is the author. Resolves to its first row.
   * @throws QueryFailedError; the problem filter knows the SQLSTATEs of refusals (RG…).
   */
  async call<Row>(name: string, values: readonly unknown[], caller: Caller): Promise<Row> {
    const places = values.map((_, i) => `$${i + 1}`);
    const author = authorOf(caller).map((_, i) => `$${values.length + i + 1}`);
    const rows = await this.database.query<Row[]>(
      `SELECT * FROM rollgate.${name}(${[...places, `ROW(${author.join()})::rollgate.author`].join()})`,
      [...values, ...authorOf(caller)],
    );
    await this.limiter.refreshPolicy();
    return rows[0] as Row;
  }

  /** The newest row of the history about this: what an undo would take back. */
  async lastHistoryId(kind: 'override' | 'request' | 'catalogue', target: string): Promise<number | null> {
    const rows = await this.database.query<{ id: string | null }[]>(
      'SELECT max(id) AS id FROM rollgate.history WHERE kind = $1 AND target = $2',
      [kind, target],
    );
    return rows[0]?.id == null ? null : Number(rows[0].id);
  }
}
