/** Maps an account, an API and values to the subject's key, and back. */
import { HttpException } from '@nestjs/common';
import { encodeAccount, InvalidRequestError, parseSubjectKey, subjectKey } from '@rollgate/limiter';
import { problem } from '../http/problem.js';
import type { KnownApis } from './known-apis.service.js';

export interface ScopeInput {
  readonly account: string;
  readonly group?: string | null | undefined;
  readonly api?: string | null | undefined;
  readonly dimensions?: Readonly<Record<string, string>> | null | undefined;
}

export interface ScopeColumns {
  readonly account: string;
  readonly group_id: string | null;
  readonly api: string | null;
  readonly subject: string | null;
}

/** @throws HttpException 422 for an impossible scope, 404 for an unknown API */
export async function scopeColumns(
  apis: Pick<KnownApis, 'find'>,
  { account, group, api, dimensions }: ScopeInput,
): Promise<ScopeColumns> {
  if (group && api) throw refuse(422, 'group and api: a limit is for one or the other');
  if (!dimensions) return { account, group_id: group ?? null, api: api ?? null, subject: null };
  if (!api) throw refuse(422, 'dimensions: need an api');
  const entry = await apis.find(api);
  if (entry === undefined) throw refuse(404, `There is no API "${api}".`);
  const wanted = entry.level.filter((name) => name !== 'account');
  if (wanted.length === 0) throw refuse(422, `dimensions: ${api} counts per account, there is nothing more to name`);
  const given = Object.keys(dimensions).filter((name) => name !== 'account');
  if (given.length !== wanted.length || !wanted.every((name) => Object.hasOwn(dimensions, name))) {
    throw refuse(422, `dimensions: ${api} counts by ${wanted.join(' and ')}`);
  }
  try {
    return { account, group_id: null, api, subject: subjectKey(entry, encodeAccount(account), { dimensions }) };
  } catch (error) {
    if (error instanceof InvalidRequestError) throw refuse(400, error.message);
    throw error;
  }
}

export function dimensionsOf(subject: string | null): Record<string, string> | null {
  return subject === null ? null : parseSubjectKey(subject).dimensions;
}

function refuse(status: number, message: string): HttpException {
  return new HttpException(problem(status, message), status);
}
