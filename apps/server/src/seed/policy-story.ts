/**
 * The actions of staff and customers in the period: people, overrides of all kinds, limit requests, edits of the catalogue.
 */
import { builtInCatalogue } from '@rollgate/contract';
import type { PastAuthor } from './past-policy.js';
import type { Period } from './period.js';
import type { StoryTeller } from './story-teller.js';

export const PEOPLE = [
  { login: 'eve@example.com', displayName: 'Eve Adler', role: 'admin' },
  { login: 'ann@example.com', displayName: 'Ann Berg', role: 'support' },
  { login: 'bob@example.com', displayName: 'Bob Chen', role: 'support' },
  { login: 'vic@example.com', displayName: 'Vic Diaz', role: 'viewer' },
  { login: 'ada@example.com', displayName: 'Ada Engel', role: 'auditor' },
] as const;

const ROOT: PastAuthor = { actor: 'cli:root', role: 'admin' };
const EVE: PastAuthor = { actor: 'staff:eve@example.com', role: 'admin', address: '192.0.2.10' };
const ANN: PastAuthor = { actor: 'staff:ann@example.com', role: 'support', address: '192.0.2.21' };
const BOB: PastAuthor = { actor: 'staff:bob@example.com', role: 'support', address: '192.0.2.34' };
/** Blocked by an override from then on, after an attack. */
export const BLOCKED = { account: 'delta-travel', api: 'bot-export', bot: 'bot-3', at: 0.57 } as const;

export function writeStory(story: StoryTeller, { at, ago, inHours }: Period, passwordHash: string): void {
  story.step(at(0), (policy, moment) => policy.registerCatalogue(moment, builtInCatalogue));
  for (const [i, person] of PEOPLE.entries())
    story.step(at(0.001 + i / 10_000), (policy, moment) =>
      policy.addPerson(moment, { ...person, passwordHash }, i === 0 ? ROOT : EVE),
    );

  story.override('launch', at(0.04), {
    by: ANN,
    account: 'acme',
    api: 'publish-bot',
    per_minute: 300,
    per_hour: 9_000,
    expires_at: inHours(24 * 12),
    reason: 'Launch of the spring campaign.',
    ticket: 'SUP-1041',
    used: { lastAt: ago(14), peakMinute: 212, peakHour: 3_940, neededAt: ago(190) },
  });
  story.override('reports', at(0.06), {
    by: BOB,
    account: 'bluebird-bank',
    group_id: 'analytics',
    per_hour: 9_000,
    expires_at: at(0.4),
    reason: 'Quarterly reports are exported.',
    ticket: 'SUP-1044',
    used: { lastAt: at(0.38), peakMinute: 58, peakHour: 5_120, neededAt: at(0.36) },
  });
  story.override('contract', at(0.08), {
    by: EVE,
    account: 'cedar-health',
    factor: 2,
    reason: 'Enterprise contract, annex B.',
    ticket: 'SALES-88',
    used: { lastAt: ago(22), peakMinute: 97, peakHour: 2_210, neededAt: ago(2_600) },
  });
  story.override('no-ticket', at(0.11), {
    by: EVE,
    account: 'fjord-energy',
    api: 'insert-data',
    per_minute: 1_800,
    reason: 'Asked for by phone.',
    used: { lastAt: ago(4), peakMinute: 1_433, peakHour: 16_200, neededAt: ago(61) },
  });
  story.override('never', at(0.13), {
    by: EVE,
    account: 'granite-insurance',
    api: 'publish-bot',
    per_minute: 240,
    reason: 'Migration planned for autumn.',
    ticket: 'SALES-91',
  });
  story.override('not-needed', at(0.16), {
    by: ANN,
    account: 'harbor-logistics',
    api: 'conversation-history',
    per_minute: 180,
    expires_at: inHours(24 * 6),
    reason: 'Audit of old conversations.',
    ticket: 'SUP-1050',
    used: { lastAt: at(0.9), peakMinute: 37, peakHour: 411, neededAt: null },
  });
  story.step(at(0.2), (policy, m) =>
    policy.changeCatalogue(
      m,
      'conversation-history',
      { per_minute: 90, per_hour: 2_700 },
      { ...EVE, reason: 'Measured: the store bears it.', ticket: 'ENG-310' },
    ),
  );
  story.request('iris', at(0.24), {
    account: 'iris-telecom',
    api: 'find-intent',
    bot: 'bot-2',
    per_minute: 240,
    until: inHours(24 * 20),
    reason: 'Our hotline uses this bot.',
  });
  story.approve('iris', at(0.245), {
    by: ANN,
    ticket: 'SUP-1057',
    answer: 'Approved for this API until then. Good luck!',
    used: {
      lastAt: ago(3),
      peakMinute: 231,
      peakHour: 1_790,
      neededAt: ago(3),
    },
  });
  story.request('lumen', at(0.27), {
    account: 'lumen-media',
    api: 'proactive-notification',
    per_minute: 3_000,
    until: at(0.7),
    reason: 'Election night.',
  });
  story.approve('lumen', at(0.272), {
    by: BOB,
    per_minute: 1_800,
    ticket: 'SUP-1060',
    answer: 'Half of it: please spread the rest over the hour.',
    used: { lastAt: at(0.5), peakMinute: 1_702, peakHour: 15_010, neededAt: at(0.49) },
  });
  story.request('tenant-112', at(0.3), {
    account: 'tenant-112',
    api: 'get-analytics',
    per_minute: 600,
    reason: 'We poll the dashboard.',
  });
  story.decline('tenant-112', at(0.31), {
    by: ANN,
    answer: 'Please poll once a minute: the numbers change no faster.',
  });
  story.step(at(0.35), (policy, m) =>
    policy.changeCatalogue(
      m,
      'get-analytics',
      { shadow: true },
      { ...EVE, reason: 'Who would be hit by 60 a minute?', ticket: 'ENG-322' },
    ),
  );
  story.step(at(0.5), (policy, m) =>
    policy.changeCatalogue(
      m,
      'get-analytics',
      { shadow: false },
      { ...EVE, reason: 'Few would: enforced again.', ticket: 'ENG-322' },
    ),
  );
  story.step(at(0.41), (policy, m) =>
    policy.expireOverride(m, story.idOf('lumen'), { ...BOB, reason: 'The night is over.' }),
  );
  story.step(at(0.44), (policy, m) =>
    policy.restoreOverride(m, story.idOf('lumen'), at(0.6), { ...BOB, reason: 'Recount: they need it again.' }),
  );
  story.override('echo', at(0.46), {
    by: EVE,
    account: 'echo-retail',
    api: 'proactive-notification',
    per_minute: 4_200,
    per_hour: 90_000,
    expires_at: inHours(24 * 9),
    reason: 'Black week.',
    ticket: 'SUP-1071',
    used: { lastAt: ago(31), peakMinute: 7_950, peakHour: 71_400, neededAt: ago(1_450) },
  });
  story.step(at(0.52), (policy, m) =>
    policy.changeOverride(
      m,
      story.idOf('echo'),
      { per_minute: 9_000 },
      { ...EVE, reason: 'Still denied at the peaks.' },
    ),
  );
  story.override('block', at(0.57), {
    by: ANN,
    account: 'delta-travel',
    api: 'bot-export',
    per_minute: 0,
    per_hour: 0,
    allow_lowering: true,
    expires_at: at(0.6),
    reason: 'A loop exports all day: blocked until their fix.',
    ticket: 'SUP-1077',
    used: { lastAt: at(0.595), peakMinute: 0, peakHour: 0, neededAt: null },
  });
  story.request('tenant-103', at(0.61), {
    account: 'tenant-103',
    api: 'bot-export',
    per_minute: 120,
    until: at(0.9),
    reason: 'Nightly backup of all bots.',
  });
  story.approve('tenant-103', at(0.64), {
    by: BOB,
    ticket: 'SUP-1080',
    answer: 'Approved.',
    used: {
      lastAt: at(0.88),
      peakMinute: 101,
      peakHour: 640,
      neededAt: at(0.87),
    },
  });
  story.override('shadow', at(0.62), {
    by: EVE,
    account: 'kestrel-games',
    mode: 'shadow',
    reason: 'Pilot: we only watch them for now.',
    ticket: 'SALES-97',
    used: { lastAt: ago(9), peakMinute: 71, peakHour: 1_020, neededAt: ago(45) },
  });
  story.override('mistake', at(0.66), {
    by: BOB,
    account: 'tenant-105',
    api: 'get-table-data',
    per_minute: 1_200,
    expires_at: inHours(24 * 3),
    reason: 'Import of last year.',
    ticket: 'SUP-1083',
    used: { lastAt: ago(700), peakMinute: 611, peakHour: 7_000, neededAt: ago(701) },
  });
  story.step(at(0.67), (policy, m) =>
    policy.changeOverride(m, story.idOf('mistake'), { per_minute: 6_000 }, { ...BOB, reason: 'More.' }),
  );
  story.step(at(0.671), (policy, m) =>
    policy.undoOverride(m, story.idOf('mistake'), { ...BOB, reason: 'A zero too many.' }),
  );
  story.request('tenant-109', at(0.74), {
    account: 'tenant-109',
    api: 'ml-utterance-train',
    per_minute: 300,
    reason: 'Training takes too long.',
  });
  story.decline('tenant-109', at(0.78), {
    by: BOB,
    answer: 'Training is queued: more calls would not make it faster.',
  });
  story.request('tenant-101', at(0.81), {
    account: 'tenant-101',
    api: 'insert-data',
    bot: 'orders',
    per_minute: 1_200,
    until: inHours(24 * 5),
    reason: 'Import of orders.',
  });
  story.approve('tenant-101', at(0.815), {
    by: ANN,
    ticket: 'SUP-1090',
    answer: 'Approved for the import.',
    used: {
      lastAt: ago(240),
      peakMinute: 1_050,
      peakHour: 12_800,
      neededAt: ago(241),
    },
  });
  story.override('soon', at(0.85), {
    by: ANN,
    account: 'tenant-102',
    api: 'sessions-history',
    per_minute: 200,
    expires_at: inHours(2),
    reason: 'Investigation of an incident.',
    ticket: 'SUP-1092',
    used: { lastAt: ago(50), peakMinute: 122, peakHour: 900, neededAt: ago(52) },
  });
  story.override('later', at(0.93), {
    by: BOB,
    account: 'juniper-foods',
    api: 'find-intent',
    per_minute: 300,
    starts_at: inHours(20),
    expires_at: inHours(24 * 4),
    reason: 'Opening day.',
    ticket: 'SUP-1095',
  });
  story.request('granite', at(0.9), {
    account: 'granite-insurance',
    api: 'get-users-information',
    per_minute: 120,
    reason: 'Nightly sync of users.',
  });
  story.decline('granite', at(0.94), { by: ANN, answer: 'One page of 500 users a second is enough for your 4,000.' });
  story.request('delta', at(0.95), {
    account: 'delta-travel',
    api: 'bot-export',
    bot: 'bot-3',
    per_minute: 180,
    until: inHours(24 * 14),
    reason: 'Our loop is mended, we need to catch up.',
  });
  story.request('harbor', at(0.97), {
    account: 'harbor-logistics',
    api: 'get-table-data',
    bot: 'orders',
    per_minute: 2_400,
    reason: 'Live map of all parcels.',
  });
  story.request('above', ago(170), {
    account: 'echo-retail',
    api: 'publish-bot',
    per_minute: 1_200,
    until: inHours(24 * 30),
    reason: 'Above my ceiling: they publish 40 shops at once.',
    needs_admin: true,
    denied: false,
    by: BOB,
  });
  story.request('tenant-100', ago(42), {
    account: 'tenant-100',
    api: 'find-intent',
    per_minute: 120,
    until: inHours(24 * 7),
    reason: 'Fair in Basel.',
    denied: false,
  });
  story.override('now', ago(20), {
    by: BOB,
    account: 'acme',
    api: 'find-intent',
    per_minute: 180,
    per_hour: 7_200,
    expires_at: inHours(24 * 2),
    reason: 'Denied since an hour: their new app.',
    ticket: 'SUP-1101',
    used: { lastAt: ago(0), peakMinute: 118, peakHour: 3_050, neededAt: ago(0) },
  });
}
