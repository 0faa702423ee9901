import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type BodyOf, ifMatch, type QueryOf, unwrap } from '../api/client.js';

export type Plan = Answer<'getPlan'>;
export type PlanLimit = Plan['limits'][number];
export type Assignment = NonNullable<Answer<'getAccountPlan'>['current']>;
export type AccountPlan = Answer<'getAccountPlan'>;

export const plansQuery = queryOptions({
  queryKey: ['plans'],
  queryFn: () => unwrap(api.GET('/admin/api/plans')),
});

export const planAccountsQuery = (plan: string, query: QueryOf<'listPlanAccounts'>) =>
  queryOptions({
    queryKey: ['plans', 'accounts', plan, query],
    queryFn: () => unwrap(api.GET('/admin/api/plans/{plan}/accounts', { params: { path: { plan }, query } })),
    placeholderData: keepPreviousData,
  });

export const planPreviewQuery = (plan: string, limits: PlanLimit[]) =>
  queryOptions({
    queryKey: ['plans', 'preview', plan, limits],
    queryFn: () =>
      unwrap(api.POST('/admin/api/plans/{plan}/preview', { params: { path: { plan } }, body: { limits } })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const accountPlanQuery = (account: string) =>
  queryOptions({
    queryKey: ['plans', 'of', account],
    queryFn: () => unwrap(api.GET('/admin/api/accounts/{account}/plan', { params: { path: { account } } })),
  });

export const assignmentPreviewQuery = (account: string, body: BodyOf<'previewAssignment'>) =>
  queryOptions({
    queryKey: ['plans', 'assignment-preview', account, body],
    queryFn: () =>
      unwrap(api.POST('/admin/api/accounts/{account}/plan/preview', { params: { path: { account } }, body })),
    placeholderData: keepPreviousData,
    retry: false,
  });

export const createPlan = (body: BodyOf<'createPlan'>) => unwrap(api.POST('/admin/api/plans', { body }));

export const changePlan = ({ id, version }: Pick<Plan, 'id' | 'version'>, body: BodyOf<'changePlan'>) =>
  unwrap(api.PATCH('/admin/api/plans/{plan}', { params: { path: { plan: id } }, body, ...ifMatch(version) }));

export const assignPlan = (account: string, body: BodyOf<'assignPlan'>) =>
  unwrap(api.POST('/admin/api/accounts/{account}/plan', { params: { path: { account } }, body }));

export const endPlan = (
  { account, id, version }: Assignment,
  { reason, allowLowering }: { reason: string; allowLowering: boolean },
) =>
  unwrap(
    api.POST('/admin/api/accounts/{account}/plan/end', {
      params: { path: { account } },
      body: { assignment: id, reason, allowLowering },
      ...ifMatch(version),
    }),
  );
