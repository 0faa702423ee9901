/** What staff and customers did in the period. The teller sorts it by time. */
import type { Act } from './acts.js';
import { CATALOGUE_CHANGES } from './catalogue-changes.js';
import { LIMIT_REQUESTS } from './limit-requests.js';
import { OVERRIDE_CHANGES } from './overrides.js';
import { PEOPLE_ADDED } from './people.js';

export const STORY: readonly Act[] = [...CATALOGUE_CHANGES, ...PEOPLE_ADDED, ...OVERRIDE_CHANGES, ...LIMIT_REQUESTS];
