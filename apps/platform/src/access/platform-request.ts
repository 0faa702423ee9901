/** The caller of a request and the resources that it names. The guards set them, in their order. */
import { createParamDecorator, type ExecutionContext, NotFoundException } from '@nestjs/common';
import type { Identity } from '../auth/tokens.js';
import { type JobRef, UNKNOWN_REQUEST_ID } from '../store/jobs.js';
import type { Place } from '../store/place.js';

export interface PlatformRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly params: Readonly<Record<string, string>>;
  /** Set by the authentication guard. Rollgate takes the account from here. */
  user?: Identity;
  /** Set by the access guard. */
  access?: Access;
}

/** The IDs of the path, which belong to the caller. */
interface Access {
  readonly bot: string | undefined;
  readonly table: string | undefined;
  /** `undefined` for a request ID of another account or another API. */
  readonly job: JobRef | undefined;
}

export interface TablePlace {
  readonly account: string;
  readonly table: string;
}

export function requestOf(context: ExecutionContext): PlatformRequest {
  return context.switchToHttp().getRequest<PlatformRequest>();
}

/** @throws Error on an open route, which has no caller */
function identityOf(context: ExecutionContext): Identity {
  const { user } = requestOf(context);
  if (!user) throw new Error('the route is open: it has no caller');
  return user;
}

/** The bot of the path, in the caller's account. */
export const Bot = createParamDecorator((_: unknown, context: ExecutionContext): Place => {
  return { account: identityOf(context).account, bot: requestOf(context).access?.bot ?? '' };
});

/** The caller's account, without a bot. */
export const Account = createParamDecorator((_: unknown, context: ExecutionContext): Place => {
  return { account: identityOf(context).account, bot: '' };
});

/** The table of the path, in the caller's account. */
export const Table = createParamDecorator((_: unknown, context: ExecutionContext): TablePlace => {
  return { account: identityOf(context).account, table: requestOf(context).access?.table ?? '' };
});

/** The job of the path. Runs after the guards, so a call with an unknown request ID is counted before it is answered 404. */
export const KnownJob = createParamDecorator((_: unknown, context: ExecutionContext): JobRef => {
  const job = requestOf(context).access?.job;
  if (!job) throw new NotFoundException(UNKNOWN_REQUEST_ID);
  return job;
});
