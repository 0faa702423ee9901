/** Who signed in, who viewed which account, and who exported what. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { type Answer, api, type QueryOf, unwrap } from '../api/client.js';

export type SignIn = Answer<'listSignIns'>['items'][number];
export type Access = Answer<'listAccess'>['items'][number];
export type SignInFilters = QueryOf<'listSignIns'>;
export type AccessFilters = QueryOf<'listAccess'>;

export const signInsQuery = (query: SignInFilters) =>
  queryOptions({
    queryKey: ['sign-ins', query],
    queryFn: () => unwrap(api.GET('/admin/api/sign-ins', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const accessQuery = (query: AccessFilters) =>
  queryOptions({
    queryKey: ['access-log', query],
    queryFn: () => unwrap(api.GET('/admin/api/access-log', { params: { query } })),
    placeholderData: keepPreviousData,
  });

export const OUTCOME_NAMES: Readonly<Record<SignIn['outcome'], string>> = {
  signed_in: 'Signed in',
  wrong_password: 'Wrong password',
  unknown: 'Unknown login',
  disabled: 'Disabled person',
  too_many_attempts: 'Too many attempts',
  oidc_refused: 'Refused by the identity provider or its groups',
  signed_out: 'Signed out',
  session_ended: 'Session ended',
  token_used: 'Token used',
  token_refused: 'Token refused',
};

export const METHOD_NAMES: Readonly<Record<SignIn['method'], string>> = {
  password: 'Password',
  oidc: 'Identity provider',
  token: 'Service token',
};

export const ACTION_NAMES: Readonly<Record<Access['action'], string>> = {
  view_account: 'Account viewed',
  list: 'List viewed',
  export: 'List exported',
};

const ROUTE_NAMES: Readonly<Record<string, string>> = {
  getAccount: 'summary',
  getUsage: 'live usage',
  getStrip: 'last hour',
  getAccountPlan: 'plan',
  previewAssignment: 'preview of a plan',
  previewOverride: 'preview of a custom limit',
  getOverride: 'an override',
  getRequest: 'a limit request',
  explainDenial: 'a denial',
  countEvents: 'chart of denials',
  listEvents: 'denials',
  listOverrides: 'overrides',
  listRequests: 'limit requests',
  listHistory: 'history',
  listNearLimit: 'near the limit',
  listPlanAccounts: 'accounts of a plan',
  listSignIns: 'sign-ins',
  listAccess: 'access log',
  searchAccounts: 'accounts',
};

/** `live usage`; for an operation without a name, the operation itself. */
export const routeName = (route: string): string => ROUTE_NAMES[route] ?? route;
