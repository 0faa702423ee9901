import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, type QueryOf, unwrap } from '../api/client.js';
import { capital } from '../lib/format.js';

export type Change = Answer<'listHistory'>['items'][number];

export const historyQuery = (query: QueryOf<'listHistory'>) =>
  queryOptions({
    queryKey: ['history', query],
    queryFn: () => unwrap(api.GET('/admin/api/history', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const verifyQuery = queryOptions({
  queryKey: ['history', 'verify'],
  queryFn: () => unwrap(api.GET('/admin/api/history/verify')),
  staleTime: 60_000,
});

export const undoChange = (id: number, reason: string) =>
  unwrap(api.POST('/admin/api/history/{id}/undo', { params: { path: { id } }, body: { reason } }));

export const batchQuery = (batch: string) =>
  queryOptions({
    queryKey: ['history', 'batch', batch],
    queryFn: () => unwrap(api.GET('/admin/api/history/batches/{batch}', { params: { path: { batch } } })),
  });

export const undoBatch = (batch: string, body: BodyOf<'undoBatch'>) =>
  unwrap(api.POST('/admin/api/history/batches/{batch}/undo', { params: { path: { batch } }, body }));

/** The kinds of items whose changes are in the history. */
export const KIND_NAMES: Readonly<Record<Change['kind'], string>> = {
  override: 'Override',
  request: 'Limit request',
  catalogue: 'API',
  plan: 'Plan',
  assignment: 'Plan assignment',
  policy: 'Policy file',
  reset: 'Windows',
  staff: 'Staff member',
  token: 'Service token',
};

const ACTION_NAMES: Readonly<Record<string, string>> = {
  create: 'created',
  assign: 'made',
  end: 'ended',
  retire: 'retired',
  change: 'changed',
  expire: 'expired',
  restore: 'restored',
  undo: 'change undone',
  add: 'added',
  ship: 'definition updated',
  return: 'in use again',
  ask: 'sent',
  approve: 'approved',
  decline: 'declined',
  disable: 'disabled',
  enable: 'enabled',
  rename: 'renamed',
  role: 'role changed',
  password: 'password changed',
  revoke: 'revoked',
  apply: 'applied',
  reset: 'reset',
};

/** `Override created`, `Limit request approved` */
export const changeTitle = ({ kind, action }: Pick<Change, 'kind' | 'action'>): string =>
  `${KIND_NAMES[kind] ?? capital(kind)} ${ACTION_NAMES[action] ?? action}`;
