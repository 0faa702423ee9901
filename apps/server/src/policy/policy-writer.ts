/**
 * Changes limits, each by one SQL function, then refreshes this instance's limiter so that the change applies here at once.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource, type EntityManager } from 'typeorm';
import { authorOf, type Caller } from '../authentication/caller.js';
import type { Lowered } from '../database/refusals.js';
import { LIMITER } from '../limiting/limiting.module.js';

export interface PolicyChange {
  /** Name of a function in schema rollgate. */
  readonly name: string;
  readonly values: readonly unknown[];
  readonly caller: Caller;
  /** The parameters after the author. */
  readonly more?: readonly unknown[];
}

@Injectable()
export class PolicyWriter {
  constructor(
    private readonly database: DataSource,
    @Inject(LIMITER) private readonly limiter: Limiter,
  ) {}

  /**
   * Makes the change and builds its response in one transaction. A change whose response cannot be built is rolled back, so
   * a change that is reported as failed can be retried. `answerOf` gets the function's first row: the item as this change
   * left it, with the `history_id` of this change, whatever other callers do meanwhile. It reads through the manager.
   * @throws QueryFailedError; the problem filter maps the SQLSTATEs of refusals (RG…).
   */
  async change<Row, Answer>(
    change: PolicyChange,
    answerOf: (row: Row, manager: EntityManager) => Answer | Promise<Answer>,
  ): Promise<Answer> {
    const answer = await this.database.transaction(async (manager) => {
      const [row] = await manager.query<Row[]>(...statementOf(change));
      return await answerOf(row as Row, manager);
    });
    // The change is committed. This instance also polls every second, and logs polls that fail.
    await this.limiter.refreshPolicy().catch(() => undefined);
    return answer;
  }
}

function statementOf({ name, values, caller, more = [] }: PolicyChange): [sql: string, values: unknown[]] {
  const author = authorOf(caller);
  const given = [...values, ...author, ...more].map((_, i) => `$${i + 1}`);
  const by = `ROW(${given.slice(values.length, values.length + author.length).join()})::rollgate.author`;
  const places = [...given.slice(0, values.length), by, ...given.slice(values.length + author.length)];
  return [`SELECT * FROM rollgate.${name}(${places.join()})`, [...values, ...author, ...more]];
}

/** The limits that a change lowered, from its row in the history. */
export async function loweredBy(manager: EntityManager, historyId: string | number | null): Promise<Lowered[]> {
  const rows = await manager.query<{ lowered: Lowered[] | null }[]>(
    `SELECT after -> 'lowered' AS lowered FROM rollgate.history WHERE id = $1`,
    [historyId],
  );
  return rows[0]?.lowered ?? [];
}
