import { queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, unwrap } from '../api/client.js';

export type Person = Answer<'listStaff'>['items'][number];
export type Token = Answer<'listTokens'>['items'][number];
export type NewPerson = BodyOf<'addStaff'>;
export type NewToken = BodyOf<'createToken'>;

export const staffQuery = queryOptions({ queryKey: ['staff'], queryFn: () => unwrap(api.GET('/admin/api/staff')) });
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: () => unwrap(api.GET('/admin/api/tokens')) });

export const addPerson = (body: NewPerson) => unwrap(api.POST('/admin/api/staff', { body }));
export const changePerson = (id: string, body: BodyOf<'changeStaff'>) =>
  unwrap(api.PATCH('/admin/api/staff/{id}', { params: { path: { id } }, body }));
export const resetPassword = (id: string) =>
  unwrap(api.POST('/admin/api/staff/{id}/password', { params: { path: { id } }, body: {} }));
export const changeOwnPassword = (body: BodyOf<'changeOwnPassword'>) =>
  unwrap(api.POST('/admin/api/session/password', { body }));
export const createToken = (body: NewToken) => unwrap(api.POST('/admin/api/tokens', { body }));
export const revokeToken = (id: string) => unwrap(api.DELETE('/admin/api/tokens/{id}', { params: { path: { id } } }));
