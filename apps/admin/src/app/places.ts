import type { Permission } from '../data/session.js';

/** A screen of the main navigation. */
export interface Place {
  readonly to:
    | '/'
    | '/requests'
    | '/denied'
    | '/overrides'
    | '/near'
    | '/plans'
    | '/what-if'
    | '/history'
    | '/access'
    | '/catalogue'
    | '/staff';
  readonly label: string;
  /** The key that opens it after `g`. */
  readonly key: string;
  readonly permission: Permission;
}

export const PLACES: readonly Place[] = [
  { to: '/', label: 'Find', key: 'f', permission: 'accounts.read' },
  { to: '/requests', label: 'Limit requests', key: 'r', permission: 'requests.read' },
  { to: '/denied', label: 'Denials', key: 'd', permission: 'events.read' },
  { to: '/near', label: 'Near the limit', key: 'n', permission: 'accounts.read' },
  { to: '/overrides', label: 'Overrides', key: 'o', permission: 'overrides.read' },
  { to: '/plans', label: 'Plans', key: 'p', permission: 'plans.read' },
  { to: '/what-if', label: 'What if', key: 'w', permission: 'accounts.read' },
  { to: '/history', label: 'History', key: 'h', permission: 'history.read' },
  { to: '/access', label: 'Access', key: 'a', permission: 'staff.read' },
  { to: '/catalogue', label: 'Catalogue', key: 'c', permission: 'catalogue.read' },
  { to: '/staff', label: 'Staff and tokens', key: 's', permission: 'staff.read' },
];
