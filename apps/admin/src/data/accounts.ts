import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, unwrap } from '../api/client.js';
import { syncClock } from '../lib/clock.js';

export type Usage = Answer<'getUsage'>['items'][number];
export type Strip = Answer<'getStrip'>;
export type Brief = Answer<'getAccount'>;
export type Found = Answer<'find'>['items'][number];
export type Near = Answer<'listNearLimit'>['items'][number];

const EVERY_MS = 2_000;
/** Gauges on one screen. The filter above them finds the others of a larger account. */
const MOST_GAUGES = 200;

export const findQuery = (q: string) =>
  queryOptions({
    queryKey: ['find', q],
    queryFn: ({ signal }) => unwrap(api.GET('/admin/api/find', { params: { query: { q } }, signal })),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });

export const briefQuery = (account: string) =>
  queryOptions({
    queryKey: ['account', account, 'brief'],
    queryFn: () => unwrap(api.GET('/admin/api/accounts/{account}', { params: { path: { account } } })),
    refetchInterval: 10_000,
  });

export const usageQuery = (account: string, { paused }: { paused: boolean }) =>
  queryOptions({
    queryKey: ['account', account, 'usage'],
    queryFn: async () => {
      const params = { path: { account }, query: { limit: MOST_GAUGES } };
      const usage = await unwrap(api.GET('/admin/api/accounts/{account}/usage', { params }));
      syncClock(usage.asOf);
      return usage;
    },
    refetchInterval: paused ? false : EVERY_MS,
    refetchOnWindowFocus: !paused,
  });

export const stripQuery = (account: string, { paused }: { paused: boolean }) =>
  queryOptions({
    queryKey: ['account', account, 'strip'],
    queryFn: () => unwrap(api.GET('/admin/api/accounts/{account}/strip', { params: { path: { account } } })),
    refetchInterval: paused ? false : EVERY_MS,
    refetchOnWindowFocus: !paused,
  });

export const nearQuery = ({ paused }: { paused: boolean }) =>
  queryOptions({
    queryKey: ['near'],
    queryFn: () => unwrap(api.GET('/admin/api/near-limit', { params: { query: { least: 80, limit: 200 } } })),
    refetchInterval: paused ? false : EVERY_MS,
    refetchOnWindowFocus: !paused,
  });

/** Empties both windows of one subject, or of every subject of an API. */
export const resetWindows = (account: string, body: BodyOf<'resetWindows'>) =>
  unwrap(api.POST('/admin/api/accounts/{account}/reset', { params: { path: { account } }, body }));
