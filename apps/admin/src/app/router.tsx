/** Every screen, and the search parameters of its address. The browser loads each screen separately. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { basePath } from '../lib/base.js';
import { fields, parseSearch, stringifySearch } from '../lib/search.js';
import { NotFound } from './not-found.js';
import { Shell } from './shell.js';

/** `raise…`: the drawer that sets a custom limit, over any screen. */
const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  validateSearch: fields('raise', 'raiseApi', 'raiseGroup', 'raiseFor', 'signInFailed'),
});

const find = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: fields('q'),
  component: lazyRouteComponent(() => import('../features/find/find.route.js'), 'FindRoute'),
});

const account = createRoute({
  getParentRoute: () => root,
  path: '/accounts/$account',
  validateSearch: fields('show', 'paused', 'which'),
  component: lazyRouteComponent(() => import('../features/account/account.route.js'), 'AccountRoute'),
});

const requests = createRoute({
  getParentRoute: () => root,
  path: '/requests',
  validateSearch: fields('state', 'account', 'needsAdmin', 'ticket', 'id', 'do', 'after'),
  component: lazyRouteComponent(() => import('../features/requests/requests.route.js'), 'RequestsRoute'),
});

const overrides = createRoute({
  getParentRoute: () => root,
  path: '/overrides',
  validateSearch: fields(
    'account',
    'state',
    'expiring',
    'neverUsed',
    'permanent',
    'above',
    'by',
    'ticket',
    'edit',
    'after',
  ),
  component: lazyRouteComponent(() => import('../features/overrides/overrides.route.js'), 'OverridesRoute'),
});

const importing = createRoute({
  getParentRoute: () => root,
  path: '/overrides/import',
  component: lazyRouteComponent(() => import('../features/import/import.route.js'), 'ImportRoute'),
});

const denials = createRoute({
  getParentRoute: () => root,
  path: '/denied',
  validateSearch: fields(
    'account',
    'api',
    'group',
    'subject',
    'window',
    'mode',
    'source',
    'from',
    'to',
    'last',
    'id',
    'after',
  ),
  component: lazyRouteComponent(() => import('../features/denials/denials.route.js'), 'DenialsRoute'),
});

const near = createRoute({
  getParentRoute: () => root,
  path: '/near',
  validateSearch: fields('paused'),
  component: lazyRouteComponent(() => import('../features/near/near.route.js'), 'NearRoute'),
});

const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  validateSearch: fields('kind', 'target', 'account', 'actor', 'batch', 'from', 'to', 'after'),
  component: lazyRouteComponent(() => import('../features/history/history.route.js'), 'HistoryRoute'),
});

const access = createRoute({
  getParentRoute: () => root,
  path: '/access',
  validateSearch: fields('tab', 'actor', 'account', 'action', 'login', 'outcome', 'address', 'last', 'after'),
  component: lazyRouteComponent(() => import('../features/access/access.route.js'), 'AccessRoute'),
});

const catalogue = createRoute({
  getParentRoute: () => root,
  path: '/catalogue',
  validateSearch: fields('q', 'group', 'only', 'edit'),
  component: lazyRouteComponent(() => import('../features/catalogue/catalogue.route.js'), 'CatalogueRoute'),
});

const plans = createRoute({
  getParentRoute: () => root,
  path: '/plans',
  validateSearch: fields('show', 'edit', 'create'),
  component: lazyRouteComponent(() => import('../features/plans/plans.route.js'), 'PlansRoute'),
});

const whatIf = createRoute({
  getParentRoute: () => root,
  path: '/what-if',
  validateSearch: fields(
    'change',
    'api',
    'group',
    'account',
    'for',
    'override',
    'plan',
    'limits',
    'perMinute',
    'perHour',
    'factor',
    'extraMinute',
    'extraHour',
    'since',
    'by',
    'after',
  ),
  component: lazyRouteComponent(() => import('../features/what-if/what-if.route.js'), 'WhatIfRoute'),
});

const staff = createRoute({
  getParentRoute: () => root,
  path: '/staff',
  validateSearch: fields('tab', 'edit'),
  component: lazyRouteComponent(() => import('../features/staff/staff.route.js'), 'StaffRoute'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    find,
    account,
    requests,
    overrides,
    importing,
    denials,
    near,
    plans,
    whatIf,
    history,
    access,
    catalogue,
    staff,
  ]),
  basepath: basePath,
  parseSearch,
  stringifySearch,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
