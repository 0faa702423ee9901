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

export const utc = (at: string | number): string =>
  new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');

export const local = (at: string | number): string =>
  new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** `14:03`, on this machine's clock. */
export const clockTime = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

/** `14:03:27`, on this machine's clock. */
export const preciseTime = (at: number): string =>
  new Date(at).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** `bot b-17, user u-3`; `whole account` for none. */
export function subjectText(dimensions: Readonly<Record<string, string>> | null): string {
  const parts = Object.entries(dimensions ?? {}).map(
    ([name, value]) => `${name.replace('_', ' ')} ${visibleText(value)}`,
  );
  return parts.length === 0 ? 'whole account' : parts.join(', ');
}

/** `staff:ann@example.com` is ann@example.com to people. */
export const actorText = (actor: string): string => visibleText(actor.replace(/^staff:/, ''));

export const inHours = (hours: number, now: number): string => new Date(now + hours * 3_600_000).toISOString();

/** What an override or a request is for: `publish-bot, bot b-17`, `group bots`, `all APIs`. */
export function scopeText({
  group,
  api,
  dimensions,
}: {
  readonly group: string | null;
  readonly api: string | null;
  readonly dimensions: Readonly<Record<string, string>> | null;
}): string {
  if (group !== null) return `group ${group}`;
  if (api === null) return 'all APIs';
  return dimensions === null ? api : `${api}, ${subjectText(dimensions)}`;
}

/** What somebody called something. */
export const named = visibleText;

/** What somebody wrote, in lines. */
export const written = (text: string): string => text.split(/\r?\n/).map(visibleText).join('\n');
