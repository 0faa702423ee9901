import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, ifMatch, type QueryOf, unwrap } from '../api/client.js';

export type Override = Answer<'getOverride'>;
export type Preview = Answer<'previewOverride'>;
export type Changed = Answer<'changeOverride'>;
export type NewOverride = BodyOf<'createOverride'>;
export type Question = BodyOf<'previewOverride'>;
export type Created = Answer<'createOverride'>;

export const overridesQuery = (query: QueryOf<'listOverrides'>) =>
  queryOptions({
    queryKey: ['overrides', query],
    queryFn: () => unwrap(api.GET('/admin/api/overrides', { params: { query } })),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });

export const overrideQuery = (id: string) =>
  queryOptions({
    queryKey: ['overrides', 'one', id],
    queryFn: () => unwrap(api.GET('/admin/api/overrides/{id}', { params: { path: { id } } })),
  });

export const previewQuery = (question: Question) =>
  queryOptions({
    queryKey: ['preview', question],
    queryFn: () => unwrap(api.POST('/admin/api/overrides/preview', { body: question })),
    placeholderData: keepPreviousData,
  });

/** Above the approval limit of the person's role the answer is a limit request (202). */
export const createOverride = (body: NewOverride) => unwrap(api.POST('/admin/api/overrides', { body }));

/** An override in the version that the person saw. */
interface SeenOverride {
  readonly id: string;
  readonly version: number;
}

export const changeOverride = ({ id, version }: SeenOverride, body: BodyOf<'changeOverride'>) =>
  unwrap(api.PATCH('/admin/api/overrides/{id}', { params: { path: { id } }, body, ...ifMatch(version) }));

export const expireOverride = ({ id, version }: SeenOverride, reason: string) =>
  unwrap(
    api.POST('/admin/api/overrides/{id}/expire', { params: { path: { id } }, body: { reason }, ...ifMatch(version) }),
  );

export const restoreOverride = ({ id, version }: SeenOverride, body: BodyOf<'restoreOverride'>) =>
  unwrap(api.POST('/admin/api/overrides/{id}/restore', { params: { path: { id } }, body, ...ifMatch(version) }));

/** The limits that fall if these overrides expire now. */
export const expiryPreviewQuery = (ids: string[]) =>
  queryOptions({
    queryKey: ['overrides', 'expiring', ids],
    queryFn: () => unwrap(api.POST('/admin/api/overrides/expire/preview', { body: { ids } })),
  });

export const expireMany = (ids: string[], reason: string) =>
  unwrap(api.POST('/admin/api/overrides/expire', { body: { ids, reason } }));
