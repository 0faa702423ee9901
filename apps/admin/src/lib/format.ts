/** Numbers, times and names as people read them. */
import { visibleText } from '@rollgate/contract/visible-text';

const whole = new Intl.NumberFormat('en');
export const count = (n: number): string => whole.format(n);

/** `1 denial`, `312 denials` */
export const many = (n: number, one: string, more = `${one}s`): string => `${count(n)} ${n === 1 ? one : more}`;

/** `12 s`, `3 min`, `2 h`, `5 d`: one unit, rounded down; below a second it is `0 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} d`;
}

/** `12 s ago`, `in 3 min`, `just now` */
export function relative(at: number, now: number): string {
  const ms = at - now;
  if (Math.abs(ms) < 1000) return 'just now';
  return ms > 0 ? `in ${duration(ms + 999)}` : `${duration(-ms)} ago`;
}

/** `2026-03-02 09:00:00 UTC` */
export const utc = (at: string | number): string =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');

/** `2 Mar 2026, 10:00:00 CET`, in this machine's time zone. */
export const local = (at: string | number): string =>
  new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' });

/** `14:03`, in this machine's time zone; for an axis that names the zone elsewhere. */
export const clockTime = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

/** `14:03 CET`, in this machine's time zone. */
export const zonedTime = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });

/** `CET`: this machine's time zone at that time. */
export function zoneName(at: number): string {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(at);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'local time';
}

/** The names of the two windows. */
export const WINDOWS = { minute: '60 s', hour: '1 h' } as const;

/** `+500 per hour` */
export const extraText = (window: keyof typeof WINDOWS, units: number): string => `+${count(units)} per ${window}`;

export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `bot b-17, user u-3`; `whole account` for none. */
export function subjectText(dimensions: Readonly<Record<string, string>> | null): string {
  const parts = Object.entries(dimensions ?? {}).map(
    ([name, value]) => `${name.replaceAll('_', ' ')} ${visibleText(value)}`,
  );
  return parts.length === 0 ? 'whole account' : parts.join(', ');
}

/** What is counted: one API, or an API group whose APIs are counted together. */
interface Counted {
  readonly api: string;
  readonly apiTitle: string;
  readonly group: string;
  readonly groupTitle: string;
  readonly countedTogether: boolean;
}

/** The title of what is counted: `Publish bot`, or `Data access (API group)`. */
export const countedTitle = ({ apiTitle, groupTitle, countedTogether }: Omit<Counted, 'api' | 'group'>): string =>
  countedTogether ? `${groupTitle} (API group)` : apiTitle;

/** What a custom limit for all of it names. The APIs of a group that are counted together get one limit. */
export const countedScope = ({ api, group, countedTogether }: Omit<Counted, 'apiTitle' | 'groupTitle'>) =>
  countedTogether ? { group } : { api };

/** `staff:ann@example.com` becomes ann@example.com. */
export const actorText = (actor: string): string => visibleText(actor.replace(/^staff:/, ''));

/** The ISO time that many hours after `now`. */
export const inHours = (hours: number, now: number): string => new Date(now + hours * 3_600_000).toISOString();

/** The scope of an override or a limit request: `publish-bot, bot b-17`, `API group bots`, `All APIs`. */
export function scopeText({
  group,
  api,
  dimensions,
}: {
  readonly group: string | null;
  readonly api: string | null;
  readonly dimensions: Readonly<Record<string, string>> | null;
}): string {
  if (group !== null) return `API group ${group}`;
  if (api === null) return 'All APIs';
  return dimensions === null ? api : `${api}, ${subjectText(dimensions)}`;
}

const PLAN = 'plan:';

/** The plan that a limit comes from; undefined: it comes from an override, or it is the default. */
export const planOf = (source: string): string | undefined =>
  source.startsWith(PLAN) ? source.slice(PLAN.length) : undefined;

/** Where a limit comes from: `default`, `plan pro`, or `override ovr_17`. */
export function sourceText(source: string): string {
  const plan = planOf(source);
  if (plan !== undefined) return `plan ${plan}`;
  return source === 'default' ? source : `override ${source}`;
}

/** A name that a person chose, with invisible characters as their codes. */
export const named = visibleText;

/** A text that a person wrote; it keeps its lines. */
export const written = (text: string): string => text.split(/\r?\n/).map(visibleText).join('\n');
