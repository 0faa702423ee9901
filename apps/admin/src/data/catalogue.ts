import { queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, ifMatch, unwrap } from '../api/client.js';

export type Group = Answer<'getCatalogue'>['groups'][number];
export type Api = Group['apis'][number];

export const catalogueQuery = queryOptions({
  queryKey: ['catalogue'],
  queryFn: () => unwrap(api.GET('/admin/api/catalogue')),
  staleTime: 30_000,
});

export const changeApi = ({ api: name, version }: Pick<Api, 'api' | 'version'>, body: BodyOf<'changeApi'>) =>
  unwrap(api.PATCH('/admin/api/catalogue/{api}', { params: { path: { api: name } }, body, ...ifMatch(version) }));
