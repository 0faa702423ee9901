/** What staff and customers did in the period. The teller sorts it by time. */
import type { Act } from './acts.js';
import { CATALOGUE_CHANGES } from './catalogue-changes.js';
import { LIMIT_REQUESTS } from './limit-requests.js';
import { OVERRIDE_CHANGES } from './overrides.js';
import { PEOPLE_ADDED } from './people.js';
import { PLAN_CHANGES } from './plans.js';

export const STORY: readonly Act[] = [
  ...CATALOGUE_CHANGES,
  ...PEOPLE_ADDED,
  ...PLAN_CHANGES,
  ...OVERRIDE_CHANGES,
  ...LIMIT_REQUESTS,
];
