import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, ifMatch, type QueryOf, told } from '../api/client.js';

export type Asked = Answer<'getRequest'>;
export type LimitRequest = Asked['request'];

export const requestsQuery = (query: QueryOf<'listRequests'>) =>
  queryOptions({
    queryKey: ['requests', query],
    queryFn: () => told(api.GET('/admin/api/requests', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

interface One {
  readonly id: string;
  readonly version: number;
}

export const approveRequest = ({ id, version }: One, body: BodyOf<'approveRequest'>) =>
  told(
    api.POST('/admin/api/requests/{limitRequestId}/approve', {
      params: { path: { limitRequestId: id } },
      body,
      ...ifMatch(version),
    }),
  );

export const declineRequest = ({ id, version }: One, answer: string) =>
  told(
    api.POST('/admin/api/requests/{limitRequestId}/decline', {
      params: { path: { limitRequestId: id } },
      body: { answer },
      ...ifMatch(version),
    }),
  );
