/** What staff and customers did in that time: people, overrides of all kinds, requests, edits of the catalogue. */
import { builtInCatalogue } from '@rollgate/contract';
import { type Columns, type PastAuthor, PastPolicy } from './past-policy.js';
import type { Period } from './period.js';
import { subjectOf, type Subject } from './world.js';

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
const customer = (account: string): PastAuthor => ({ actor: `account:${account}`, role: 'customer', address: '203.0.113.9' });

/** A denial that a request was filed for: its event has to be there. */
export interface WantedDenial {
  readonly eventId: string;
  readonly at: Date;
  readonly subject: Subject;
}

/** How an override was used; times in ms before the end. */
export interface Use {
  readonly id: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly peakMinute: number;
  readonly peakHour: number;
  readonly neededAt: Date | null;
}

export interface Story {
  readonly denials: readonly WantedDenial[];
  readonly uses: readonly Use[];
  /** Blocked by an override from then on. */
  readonly blocked: { readonly subject: Subject; readonly from: Date };
}

interface Step {
  readonly at: Date;
  readonly run: (at: Date) => Promise<unknown>;
}

/** Runs inside the transaction of whoever calls. */
export async function tellStory(
  policy: PastPolicy,
  { period, passwordHash, eventId }: { period: Period; passwordHash: string; eventId: () => string },
): Promise<Story> {
  const { at, ago, inHours } = period;
  const steps: Step[] = [];
  const denials: WantedDenial[] = [];
  const uses: Use[] = [];
  const ids = new Map<string, string>();
  const step = (when: Date, run: Step['run']) => void steps.push({ at: when, run });
  const idOf = (name: string) => ids.get(name) as string;

  const override = (name: string, when: Date, by: PastAuthor, spec: Columns, used?: Omit<Use, 'id' | 'firstAt'>) =>
    step(when, async (moment) => {
      const id = await policy.createOverride(moment, spec, by);
      ids.set(name, id);
      if (used !== undefined) uses.push({ id, firstAt: new Date(moment.getTime() + 90_000), ...used });
    });
  const request = (
    name: string,
    when: Date,
    { account, api, bot, ...spec }: Columns & { account: string; api: string; bot?: string },
    { denied = true, by = customer(account) }: { denied?: boolean; by?: PastAuthor } = {},
  ) => {
    const denial = denied ? { eventId: eventId(), at: new Date(when.getTime() - 1_200_000), subject: subjectOf(account, api, bot ?? 'bot-1') } : undefined;
    if (denial !== undefined) denials.push(denial);
    step(when, async (moment) =>
      ids.set(name, await policy.askLimit(moment, { account, api, ...spec, ...(denial && deniedCall(denial)) }, by)),
    );
  };
  const approve = (name: string, when: Date, by: PastAuthor, changes: Columns, answer: string, used?: Omit<Use, 'id' | 'firstAt'>) =>
    step(when, async (moment) => {
      const id = (await policy.decideRequest(moment, idOf(name), { changes, answer }, by)) as string;
      ids.set(name, id);
      if (used !== undefined) uses.push({ id, firstAt: new Date(moment.getTime() + 240_000), ...used });
    });
  const decline = (name: string, when: Date, by: PastAuthor, answer: string) =>
    step(when, (moment) => policy.decideRequest(moment, idOf(name), { changes: null, answer }, by));

  step(at(0), (moment) => policy.registerCatalogue(moment, builtInCatalogue));
  for (const [i, person] of PEOPLE.entries())
    step(at(0.001 + i / 10_000), (moment) =>
      policy.addPerson(moment, { ...person, passwordHash }, i === 0 ? ROOT : EVE),
    );

  override('launch', at(0.04), ANN, { account: 'acme', api: 'publish-bot', per_minute: 300, per_hour: 9_000, expires_at: inHours(24 * 12), reason: 'Launch of the spring campaign.', ticket: 'SUP-1041' }, { lastAt: ago(14), peakMinute: 212, peakHour: 3_940, neededAt: ago(190) });
  override('reports', at(0.06), BOB, { account: 'bluebird-bank', group_id: 'analytics', per_hour: 9_000, expires_at: at(0.4), reason: 'Quarterly reports are exported.', ticket: 'SUP-1044' }, { lastAt: at(0.38), peakMinute: 58, peakHour: 5_120, neededAt: at(0.36) });
  override('contract', at(0.08), EVE, { account: 'cedar-health', per_minute: 120, per_hour: 3_600, reason: 'Enterprise contract, annex B.', ticket: 'SALES-88' }, { lastAt: ago(22), peakMinute: 97, peakHour: 2_210, neededAt: ago(2_600) });
  override('no-ticket', at(0.11), EVE, { account: 'fjord-energy', api: 'insert-data', per_minute: 1_800, reason: 'Asked for by phone.' }, { lastAt: ago(4), peakMinute: 1_433, peakHour: 16_200, neededAt: ago(61) });
  override('never', at(0.13), EVE, { account: 'granite-insurance', api: 'publish-bot', per_minute: 240, reason: 'Migration planned for autumn.', ticket: 'SALES-91' });
  override('not-needed', at(0.16), ANN, { account: 'harbor-logistics', api: 'conversation-history', per_minute: 180, expires_at: inHours(24 * 6), reason: 'Audit of old conversations.', ticket: 'SUP-1050' }, { lastAt: at(0.9), peakMinute: 37, peakHour: 411, neededAt: null });
  step(at(0.2), (m) => policy.changeCatalogue(m, 'conversation-history', { per_minute: 90, per_hour: 2_700 }, { ...EVE, reason: 'Measured: the store bears it.', ticket: 'ENG-310' }));
  request('iris', at(0.24), { account: 'iris-telecom', api: 'find-intent', bot: 'bot-2', per_minute: 240, until: inHours(24 * 20), reason: 'Our hotline uses this bot.' });
  approve('iris', at(0.245), ANN, { ticket: 'SUP-1057' }, 'Approved for this API until then. Good luck!', { lastAt: ago(3), peakMinute: 231, peakHour: 1_790, neededAt: ago(3) });
  request('lumen', at(0.27), { account: 'lumen-media', api: 'proactive-notification', per_minute: 3_000, until: at(0.7), reason: 'Election night.' });
  approve('lumen', at(0.272), BOB, { per_minute: 1_800, ticket: 'SUP-1060' }, 'Half of it: please spread the rest over the hour.', { lastAt: at(0.5), peakMinute: 1_702, peakHour: 15_010, neededAt: at(0.49) });
  request('tenant-112', at(0.3), { account: 'tenant-112', api: 'get-analytics', per_minute: 600, reason: 'We poll the dashboard.' });
  decline('tenant-112', at(0.31), ANN, 'Please poll once a minute: the numbers change no faster.');
  step(at(0.35), (m) => policy.changeCatalogue(m, 'get-analytics', { shadow: true }, { ...EVE, reason: 'Who would be hit by 60 a minute?', ticket: 'ENG-322' }));
  step(at(0.5), (m) => policy.changeCatalogue(m, 'get-analytics', { shadow: false }, { ...EVE, reason: 'Few would: enforced again.', ticket: 'ENG-322' }));
  step(at(0.41), (m) => policy.expireOverride(m, idOf('lumen'), { ...BOB, reason: 'The night is over.' }));
  step(at(0.44), (m) => policy.restoreOverride(m, idOf('lumen'), at(0.6), { ...BOB, reason: 'Recount: they need it again.' }));
  override('echo', at(0.46), EVE, { account: 'echo-retail', api: 'proactive-notification', per_minute: 4_200, per_hour: 90_000, expires_at: inHours(24 * 9), reason: 'Black week.', ticket: 'SUP-1071' }, { lastAt: ago(31), peakMinute: 7_950, peakHour: 71_400, neededAt: ago(1_450) });
  step(at(0.52), (m) => policy.changeOverride(m, idOf('echo'), { per_minute: 9_000 }, { ...EVE, reason: 'Still denied at the peaks.' }));
  override('block', at(0.57), ANN, { account: 'delta-travel', api: 'bot-export', per_minute: 0, per_hour: 0, expires_at: at(0.6), reason: 'A loop exports all day: blocked until their fix.', ticket: 'SUP-1077' }, { lastAt: at(0.595), peakMinute: 0, peakHour: 0, neededAt: null });
  request('tenant-103', at(0.61), { account: 'tenant-103', api: 'bot-export', per_minute: 120, until: at(0.9), reason: 'Nightly backup of all bots.' });
  approve('tenant-103', at(0.64), BOB, { ticket: 'SUP-1080' }, 'Approved.', { lastAt: at(0.88), peakMinute: 101, peakHour: 640, neededAt: at(0.87) });
  override('shadow', at(0.62), EVE, { account: 'kestrel-games', mode: 'shadow', reason: 'Pilot: we only watch them for now.', ticket: 'SALES-97' });
  override('mistake', at(0.66), BOB, { account: 'tenant-105', api: 'get-table-data', per_minute: 1_200, expires_at: inHours(24 * 3), reason: 'Import of last year.', ticket: 'SUP-1083' }, { lastAt: ago(700), peakMinute: 611, peakHour: 7_000, neededAt: ago(701) });
  step(at(0.67), (m) => policy.changeOverride(m, idOf('mistake'), { per_minute: 6_000 }, { ...BOB, reason: 'More.' }));
  step(at(0.671), (m) => policy.undoOverride(m, idOf('mistake'), { ...BOB, reason: 'A zero too many.' }));
  request('tenant-109', at(0.74), { account: 'tenant-109', api: 'ml-utterance-train', per_minute: 300, reason: 'Training takes too long.' });
  decline('tenant-109', at(0.78), BOB, 'Training is queued: more calls would not make it faster.');
  request('tenant-101', at(0.81), { account: 'tenant-101', api: 'insert-data', bot: 'orders', per_minute: 1_200, until: inHours(24 * 5), reason: 'Import of orders.' });
  approve('tenant-101', at(0.815), ANN, { ticket: 'SUP-1090' }, 'Approved for the import.', { lastAt: ago(240), peakMinute: 1_050, peakHour: 12_800, neededAt: ago(241) });
  override('soon', at(0.85), ANN, { account: 'tenant-102', api: 'sessions-history', per_minute: 200, expires_at: inHours(2), reason: 'Investigation of an incident.', ticket: 'SUP-1092' }, { lastAt: ago(50), peakMinute: 122, peakHour: 900, neededAt: ago(52) });
  override('later', at(0.93), BOB, { account: 'juniper-foods', api: 'find-intent', per_minute: 300, starts_at: inHours(20), expires_at: inHours(24 * 4), reason: 'Opening day.', ticket: 'SUP-1095' });
  request('granite', at(0.9), { account: 'granite-insurance', api: 'get-users-information', per_minute: 120, reason: 'Nightly sync of users.' });
  decline('granite', at(0.94), ANN, 'One page of 500 users a second is enough for your 4,000.');
  request('delta', at(0.95), { account: 'delta-travel', api: 'bot-export', bot: 'bot-3', per_minute: 180, until: inHours(24 * 14), reason: 'Our loop is mended, we need to catch up.' });
  request('harbor', at(0.97), { account: 'harbor-logistics', api: 'get-table-data', bot: 'orders', per_minute: 2_400, reason: 'Live map of all parcels.' });
  request('above', ago(170), { account: 'echo-retail', api: 'publish-bot', per_minute: 1_200, until: inHours(24 * 30), reason: 'Above my ceiling: they publish 40 shops at once.', needs_admin: true }, { denied: false, by: BOB });
  request('tenant-100', ago(42), { account: 'tenant-100', api: 'find-intent', per_minute: 120, until: inHours(24 * 7), reason: 'Fair in Basel.' }, { denied: false });
  override('now', ago(20), BOB, { account: 'acme', api: 'find-intent', per_minute: 180, expires_at: inHours(24 * 2), reason: 'Denied since an hour: their new app.', ticket: 'SUP-1101' }, { lastAt: ago(0), peakMinute: 118, peakHour: 3_050, neededAt: ago(0) });

  for (const { at: moment, run } of steps.toSorted((a, b) => a.at.getTime() - b.at.getTime())) await run(moment);
  return { denials, uses, blocked: { subject: subjectOf('delta-travel', 'bot-export', 'bot-3'), from: at(0.57) } };
}

/** As the denied call's support link told. */
function deniedCall({ eventId, at, subject: { account, entry, dimensions } }: WantedDenial): Columns {
  const id = `${eventId}.1`;
  const { perMinute, perHour } = entry.limits;
  const call = { id, account, api: entry.id, group: entry.group, dimensions, window: 'minute', perMinute, perHour };
  return { denial_id: id, denial: { ...call, at: at.toISOString() } };
}
