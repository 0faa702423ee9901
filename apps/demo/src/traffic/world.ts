/** The traffic: accounts with their bots, the APIs they use, and how many calls they make at each hour. */

import { type ApiEntry } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { encodeAccount, laneOf, subjectKey } from '@rollgate/limiter';
import type { Random } from '../random.js';

export const INSTANCES = ['platform-1:311', 'platform-2:298'] as const;

/** Routes of the sample platform. */
const ROUTES: Readonly<Record<string, string>> = {
  'publish-bot': 'POST /api/public/bots/:botId/publish',
  'bot-export': 'POST /api/public/bots/:botId/exports',
  'batch-test-execution': 'POST /api/public/bots/:botId/batch-test-executions',
  'ml-utterance-train': 'POST /api/public/bots/:botId/utterances/trainings',
  'faq-training': 'POST /api/public/bots/:botId/faqs/trainings',
  'find-intent': 'POST /api/public/bots/:botId/find-intent',
  'conversation-history': 'GET /api/public/bots/:botId/conversations',
  'sessions-history': 'GET /api/public/bots/:botId/sessions',
  'get-analytics': 'GET /api/public/bots/:botId/analytics',
  'bot-import-status': 'GET /api/public/bot-imports/:requestId',
  'get-bots': 'GET /api/public/bots',
  'get-users-information': 'GET /api/public/users',
  'proactive-notification': 'POST /api/public/bots/:botId/notifications',
  'insert-data': 'POST /api/public/tables/:tableId/rows',
  'update-data': 'PUT /api/public/tables/:tableId/rows',
  'get-table-data': 'GET /api/public/tables/:tableId/rows',
};
const BUSY_APIS: readonly string[] = Object.keys(ROUTES);

export interface Subject {
  readonly account: string;
  readonly entry: ApiEntry;
  readonly key: string;
  readonly lane: number;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly route: string | null;
}

/** Accounts that the story mentions by name. */
const NAMED_ACCOUNTS = [
  'acme',
  'bluebird-bank',
  'cedar-health',
  'delta-travel',
  'echo-retail',
  'fjord-energy',
  'granite-insurance',
  'harbor-logistics',
  'iris-telecom',
  'juniper-foods',
  'kestrel-games',
  'lumen-media',
] as const;

export const ACCOUNTS: readonly string[] = [
  ...NAMED_ACCOUNTS,
  ...Array.from({ length: 28 }, (_, i) => `tenant-${100 + i}`),
];

/** `name` is that of the bot, the table or the HTTP request, depending on what the API counts. */
export function subjectOf(account: string, api: string, name: string): Subject {
  const entry = sampleCatalogue.get(api);
  const dimensions: Record<string, string> = {};
  for (const dimension of entry.level) dimensions[dimension] = dimension === 'account' ? account : name;
  return {
    account,
    entry,
    key: subjectKey(entry, encodeAccount(account), { dimensions }),
    lane: laneOf(account),
    dimensions,
    route: ROUTES[api] ?? null,
  };
}

/** The columns of a limit event that name its subject. */
export function subjectColumns({ account, entry, key, lane, dimensions, route }: Subject): object {
  return {
    account,
    api: entry.id,
    group_id: entry.group,
    level: entry.level,
    subject: key,
    lane,
    dimensions,
    route,
  };
}

/** A call of a random account: a few accounts make most of the calls. */
export function anySubject(random: Random): Subject {
  const account = ACCOUNTS[Math.floor(ACCOUNTS.length * random.next() ** 2)] as string;
  const api = BUSY_APIS[Math.floor(BUSY_APIS.length * random.next() ** 1.3)] as string;
  const { level } = sampleCatalogue.get(api);
  const name = level.includes('table')
    ? random.pick(['orders', 'customers', 'tickets'])
    : level.includes('request_id')
      ? `imp-${random.hex(6)}`
      : `bot-${1 + Math.floor(6 * random.next() ** 2)}`;
  return subjectOf(account, api, name);
}

/** Activity as a share of a weekday's busiest hour: quiet nights, two daily peaks, half as much on weekends. */
export function activityAt(at: Date): number {
  const hour = at.getUTCHours() + at.getUTCMinutes() / 60;
  const hump = (centre: number, width: number) => Math.exp(-(((hour - centre) / width) ** 2));
  const ofDay = 0.08 + 0.9 * hump(10, 2.6) + 0.85 * hump(15, 3);
  return ofDay * ([0, 6].includes(at.getUTCDay()) ? 0.45 : 1);
}
