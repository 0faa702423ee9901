/**
 * The second guard. Before a call is counted, it checks that the IDs of the path are well-formed and belong to the caller. A
 * request ID of another account passes as unknown: its 404 is counted, so that guessing is limited.
 */
import {
  BadRequestException,
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { STATUS_OF } from '../catalogue/route-marks.js';
import { type JobRef, Jobs } from '../store/jobs.js';
import type { Owned } from '../store/owned.js';
import { Owners } from '../store/owners.js';
import { canonicalId, idProblem } from './ids.js';
import { requestOf } from './platform-request.js';

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Owners) private readonly owners: Owners,
    @Inject(Jobs) private readonly jobs: Jobs,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const account = request.user?.account;
    if (account === undefined) return true; // an open route has no caller
    // Check all IDs before any is claimed, because a malformed one fails the call.
    const { botId, tableName, requestId } = wellFormed(request.params);
    await this.owners.claim({ kind: 'account', id: account }, account);
    if (botId !== undefined) await this.#own({ kind: 'bot', id: botId }, account);
    if (tableName !== undefined) await this.#own({ kind: 'table', id: tableName }, account);
    const job = requestId === undefined ? undefined : await this.#job(context, { account, botId, requestId });
    request.access = { bot: botId, table: tableName, job };
    return true;
  }

  async #own(owned: Owned, account: string): Promise<void> {
    const owner = await this.owners.claim(owned, account);
    if (owner !== account) throw new ForbiddenException(`This ${owned.kind} belongs to another account.`);
  }

  async #job(
    context: ExecutionContext,
    { account, botId, requestId }: { account: string; botId: string | undefined; requestId: string },
  ): Promise<JobRef | undefined> {
    const startedBy = this.reflector.get<readonly string[] | undefined>(STATUS_OF, context.getHandler()) ?? [];
    const job = await this.jobs.find(requestId);
    const known = job?.account === account && startedBy.includes(job.api) && (botId === undefined || botId === job.bot);
    return known ? job : undefined;
  }
}

function wellFormed(params: Readonly<Record<string, string>>): Readonly<Partial<Record<string, string>>> {
  for (const [name, value] of Object.entries(params)) {
    const problem = idProblem(value);
    if (problem) throw new BadRequestException(`${name} ${problem}.`);
  }
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, canonicalId(value)]));
}
