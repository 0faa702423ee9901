import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type QueryOf, told } from '../api/client.js';

export type Change = Answer<'listHistory'>['items'][number];

export const historyQuery = (query: QueryOf<'listHistory'>) =>
  queryOptions({
    queryKey: ['history', query],
    queryFn: () => told(api.GET('/admin/api/history', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const verifyQuery = queryOptions({
  queryKey: ['history', 'verify'],
  queryFn: () => told(api.GET('/admin/api/history/verify')),
  staleTime: 60_000,
});

export const undoChange = (id: number, reason: string) =>
  told(api.POST('/admin/api/history/{id}/undo', { params: { path: { id } }, body: { reason } }));
