/**
 * A time to wait in milliseconds, as text for people, e.g. `45 s`, `1 minute`, `2 minutes 10 s`, `1 hour 5 minutes`. Rounded up: to
 * seconds below an hour, to minutes from an hour on. At least `1 s`.
 */
export function waitText(waitMs: number): string {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joined(many(minutes, 'minute'), seconds % 60 === 0 ? '' : `${seconds % 60} s`);
  // From an hour on seconds are not shown; the last minute is rounded up.
  const inMinutes = Math.ceil(seconds / 60);
  const hours = Math.floor(inMinutes / 60);
  return joined(many(hours, 'hour'), inMinutes % 60 === 0 ? '' : many(inMinutes % 60, 'minute'));
}

function many(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}
