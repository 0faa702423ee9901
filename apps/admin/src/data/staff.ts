import { queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, told } from '../api/client.js';

export type Person = Answer<'listStaff'>['items'][number];
export type Token = Answer<'listTokens'>['items'][number];
export type NewPerson = BodyOf<'addStaff'>;
export type NewToken = BodyOf<'createToken'>;

export const staffQuery = queryOptions({ queryKey: ['staff'], queryFn: () => told(api.GET('/admin/api/staff')) });
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: () => told(api.GET('/admin/api/tokens')) });

export const addPerson = (body: NewPerson) => told(api.POST('/admin/api/staff', { body }));
export const changePerson = (id: string, body: BodyOf<'changeStaff'>) =>
  told(api.PATCH('/admin/api/staff/{id}', { params: { path: { id } }, body }));
export const resetPassword = (id: string) =>
  told(api.POST('/admin/api/staff/{id}/password', { params: { path: { id } }, body: {} }));
export const changeOwnPassword = (body: BodyOf<'changeOwnPassword'>) =>
  told(api.POST('/admin/api/session/password', { body }));
export const createToken = (body: NewToken) => told(api.POST('/admin/api/tokens', { body }));
export const revokeToken = (id: string) => told(api.DELETE('/admin/api/tokens/{id}', { params: { path: { id } } }));
