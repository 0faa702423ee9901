/** The catalogue's registration and the edits of its defaults. */
import { type Act, at } from './acts.js';
import { EVE } from './people.js';

export const CATALOGUE_CHANGES: readonly Act[] = [
  { act: 'register catalogue', when: at(0) },
  {
    act: 'change catalogue',
    when: at(0.2),
    by: EVE,
    api: 'conversation-history',
    changes: { per_minute: 90, per_hour: 2_700 },
    reason: 'A load test shows that the store can take it.',
    ticket: 'ENG-310',
  },
  {
    act: 'change catalogue',
    when: at(0.35),
    by: EVE,
    api: 'get-analytics',
    changes: { shadow: true },
    reason: 'Find out who would be denied at 60 a minute.',
    ticket: 'ENG-322',
  },
  {
    act: 'change catalogue',
    when: at(0.5),
    by: EVE,
    api: 'get-analytics',
    changes: { shadow: false },
    reason: 'Few accounts would be denied, so it is enforced again.',
    ticket: 'ENG-322',
  },
];
