import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type QueryOf, unwrap } from '../api/client.js';

export type LimitEvent = Answer<'listEvents'>['items'][number];
export type Explained = Answer<'explainDenial'>;
export type Histogram = Answer<'countEvents'>;
export type EventFilters = Omit<QueryOf<'listEvents'>, 'format' | 'after' | 'limit'>;

export const eventsQuery = (query: QueryOf<'listEvents'>) =>
  queryOptions({
    queryKey: ['events', query],
    queryFn: () => unwrap(api.GET('/admin/api/limit-events', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const histogramQuery = (query: QueryOf<'countEvents'>) =>
  queryOptions({
    queryKey: ['events', 'histogram', query],
    queryFn: () => unwrap(api.GET('/admin/api/limit-events/histogram', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const explainQuery = (id: string) =>
  queryOptions({
    queryKey: ['denial', id],
    queryFn: () => unwrap(api.GET('/admin/api/denials/{id}', { params: { path: { id } } })),
  });
