import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, ifMatch, type QueryOf, told } from '../api/client.js';

export type Override = Answer<'getOverride'>;
export type Preview = Answer<'previewOverride'>;
export type Changed = Answer<'changeOverride'>;
export type NewOverride = BodyOf<'createOverride'>;
export type Question = BodyOf<'previewOverride'>;
export type Created = Answer<'createOverride'>;

export const overridesQuery = (query: QueryOf<'listOverrides'>) =>
  queryOptions({
    queryKey: ['overrides', query],
    queryFn: () => told(api.GET('/admin/api/overrides', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

export const overrideQuery = (id: string) =>
  queryOptions({
    queryKey: ['overrides', 'one', id],
    queryFn: () => told(api.GET('/admin/api/overrides/{id}', { params: { path: { id } } })),
  });

export const previewQuery = (question: Question) =>
  queryOptions({
    queryKey: ['preview', question],
    queryFn: () => told(api.POST('/admin/api/overrides/preview', { body: question })),
    placeholderData: keepPreviousData,
  });

/** Above the ceiling of one's role it becomes a request (202). */
export const createOverride = (body: NewOverride) => told(api.POST('/admin/api/overrides', { body }));

interface One {
  readonly id: string;
  readonly version: number;
}

export const changeOverride = ({ id, version }: One, body: BodyOf<'changeOverride'>) =>
  told(api.PATCH('/admin/api/overrides/{id}', { params: { path: { id } }, body, ...ifMatch(version) }));

export const expireOverride = ({ id, version }: One, reason: string) =>
  told(
    api.POST('/admin/api/overrides/{id}/expire', { params: { path: { id } }, body: { reason }, ...ifMatch(version) }),
  );

export const restoreOverride = ({ id, version }: One, body: BodyOf<'restoreOverride'>) =>
  told(api.POST('/admin/api/overrides/{id}/restore', { params: { path: { id } }, body, ...ifMatch(version) }));

/** What falls if these end now. */
export const expiryPreviewQuery = (ids: string[]) =>
  queryOptions({
    queryKey: ['overrides', 'ending', ids],
    queryFn: () => told(api.POST('/admin/api/overrides/expire/preview', { body: { ids } })),
  });

export const expireMany = (ids: string[], reason: string) =>
  told(api.POST('/admin/api/overrides/expire', { body: { ids, reason } }));
