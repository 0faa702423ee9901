import { Inject, Injectable } from '@nestjs/common';
import { laneOf } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { authorOf, type Caller } from '../../authentication/caller.js';
import { KnownApis } from '../../limiting/known-apis.service.js';
import { dimensionsOf, scopeColumns } from '../../limiting/subjects.js';
import type { ResetDone, resetWindows } from './resets.schemas.js';

interface ResetRow {
  readonly history_id: string;
  readonly subjects: number;
  readonly minute_used: string;
  readonly hour_used: string;
}

@Injectable()
export class ResetsService {
  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(KnownApis) private readonly apis: KnownApis,
  ) {}

  /**
   * Empties windows, in one statement: the account's calls wait as long as its transaction lasts. Every instance forgets the
   * denials of these subjects with its next poll.
   * @throws HttpException 404, 422; QueryFailedError
   */
  async reset(
    account: string,
    { api, dimensions, reason, ticket }: z.output<typeof resetWindows>,
    caller: Caller,
  ): Promise<ResetDone> {
    const { subject } = await scopeColumns(this.apis, { account, api, dimensions });
    const [row] = await this.database.query<ResetRow[]>(
      `SELECT r.history_id, r.subjects, r.minute_used, r.hour_used
       FROM rollgate.reset_by_staff($5, $6, $7, $8, $9, $10, ROW($1, $2, $3, $4)::rollgate.author) r`,
      [...authorOf(caller), laneOf(account), account, api, subject, reason, ticket ?? null],
    );
    const { history_id, subjects, minute_used, hour_used } = row as ResetRow;
    return {
      historyId: Number(history_id),
      account,
      api,
      dimensions: dimensionsOf(subject),
      subjects,
      minuteUsed: Number(minute_used),
      hourUsed: Number(hour_used),
    };
  }
}
