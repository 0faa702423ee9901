import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, ifMatch, type QueryOf, unwrap } from '../api/client.js';

/** A limit request with the account's usage, as it is shown to reviewers. */
export type ReviewedRequest = Answer<'getRequest'>;
export type LimitRequest = ReviewedRequest['request'];

export const requestsQuery = (query: QueryOf<'listRequests'>) =>
  queryOptions({
    queryKey: ['requests', query],
    queryFn: () => unwrap(api.GET('/admin/api/requests', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

/** A limit request in the version that the person saw. */
interface SeenRequest {
  readonly id: string;
  readonly version: number;
}

export const approveRequest = ({ id, version }: SeenRequest, body: BodyOf<'approveRequest'>) =>
  unwrap(
    api.POST('/admin/api/requests/{limitRequestId}/approve', {
      params: { path: { limitRequestId: id } },
      body,
      ...ifMatch(version),
    }),
  );

export const declineRequest = ({ id, version }: SeenRequest, answer: string) =>
  unwrap(
    api.POST('/admin/api/requests/{limitRequestId}/decline', {
      params: { path: { limitRequestId: id } },
      body: { answer },
      ...ifMatch(version),
    }),
  );
