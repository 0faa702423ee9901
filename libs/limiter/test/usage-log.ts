/** Usage by hour, counted naively from a log of everything that was granted, refunded and denied. */
import type pg from 'pg';

const HOUR = 3600;

export interface Denial {
  readonly account: string;
  readonly api: string;
  readonly scope: string;
  readonly window: 'minute' | 'hour';
  readonly mode: 'enforced' | 'shadow' | 'fallback_denied' | 'fallback_allowed';
  /** Unix ms. */
  readonly firstMs: number;
  readonly count: number;
  readonly units: number;
}

export interface HourUsage {
  admitted: number;
  denied: number;
  shadow: number;
  outage: number;
  minutes: number;
}

interface Grant {
  readonly subject: string;
  readonly second: number;
  units: number;
}

export class UsageLog {
  readonly grants: Grant[] = [];
  readonly denials: Denial[] = [];

  grant(subject: string, second: number, units: number): void {
    if (units > 0) this.grants.push({ subject, second, units });
  }

  refund(subject: string, second: number, units: number): void {
    let left = units;
    for (const grant of this.grants) {
      if (grant.subject !== subject || grant.second !== second) continue;
      const taken = Math.min(left, grant.units);
      grant.units -= taken;
      left -= taken;
    }
    if (left > 0) throw new Error(`${left} units were refunded that had not been granted`);
  }

  /** Usage of the hours before `rolledTo`, by hour, account and API, as `usageRows` returns it. */
  hours(rolledTo: number): Record<string, HourUsage> {
    const found: Record<string, HourUsage> = {};
    const of = (second: number, account: string, api: string): HourUsage => {
      const key = `${hourOf(second)} ${account} ${api}`;
      found[key] ??= { admitted: 0, denied: 0, shadow: 0, outage: 0, minutes: 0 };
      return found[key];
    };
    for (const { subject, second, units } of this.grants) {
      const [account = '', api = ''] = subject.split('/');
      if (units > 0 && second < rolledTo) of(second, decodeURIComponent(account), api).admitted += units;
    }
    const minutes = new Set<string>();
    for (const { account, scope, mode, firstMs, units } of this.denials) {
      const second = Math.floor(firstMs / 1000);
      if (second >= rolledTo) continue;
      const usage = of(second, account, scope);
      if (mode === 'shadow') usage.shadow += units;
      else if (mode !== 'enforced') usage.outage += units;
      else {
        usage.denied += units;
        const minute = `${Math.floor(second / 60)} ${account} ${scope}`;
        if (!minutes.has(minute)) usage.minutes++;
        minutes.add(minute);
      }
    }
    return found;
  }

  /** Denied calls of the hours before `rolledTo`, by hour, account, called API, window and mode. */
  calls(rolledTo: number): Record<string, number> {
    const found: Record<string, number> = {};
    for (const { account, api, window, mode, firstMs, count } of this.denials) {
      const second = Math.floor(firstMs / 1000);
      if (second >= rolledTo) continue;
      for (const one of [account, '']) {
        const key = `${hourOf(second)} ${one} ${api} ${window} ${mode}`;
        found[key] = (found[key] ?? 0) + count;
      }
    }
    return found;
  }

  /** The highest sum of `length` seconds and the partly covered oldest one, at a second of the hour with units. */
  peak(hour: number, { account, api, length }: { account: string; api: string; length: number }): number {
    let peak = 0;
    const grants = this.grants.filter(({ subject, units }) => subject.startsWith(`${account}/${api}/`) && units > 0);
    for (const { subject, second } of grants) {
      if (second < hour || second >= hour + HOUR) continue;
      const inWindow = grants.filter(
        (other) => other.subject === subject && other.second <= second && other.second >= second - length,
      );
      peak = Math.max(
        peak,
        inWindow.reduce((sum, { units }) => sum + units, 0),
      );
    }
    return peak;
  }
}

const hourOf = (second: number): string => new Date(Math.floor(second / HOUR) * HOUR * 1000).toISOString();

/** What is stored in rollgate.usage_hour, without rows in which nothing is left. */
export async function usageRows(pool: pg.Pool): Promise<Record<string, HourUsage>> {
  const { rows } = await pool.query<HourUsage & { hour: Date; account: string; api: string }>(
    `SELECT h.hour, s.account, s.api, h.admitted::int, h.denied::int, h.shadow::int, h.outage::int, h.minutes_denied::int AS minutes
     FROM rollgate.usage_hour h JOIN rollgate.usage_series s ON s.id = h.series, rollgate.roll_up r
     WHERE h.hour < r.rolled_to AND h.admitted + h.denied + h.shadow + h.outage > 0`,
  );
  return Object.fromEntries(
    rows.map(({ hour, account, api, ...usage }) => [`${hour.toISOString()} ${account} ${api}`, usage]),
  );
}

/** What is stored in rollgate.denial_hour. */
export async function callRows(pool: pg.Pool): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ key: Date; rest: string; calls: number }>(
    `SELECT d.hour AS key, concat_ws(' ', s.account, s.api, d.window_name, d.mode) AS rest, d.calls::int
     FROM rollgate.denial_hour d JOIN rollgate.usage_series s ON s.id = d.series, rollgate.roll_up r WHERE d.hour < r.rolled_to`,
  );
  return Object.fromEntries(rows.map(({ key, rest, calls }) => [`${key.toISOString()} ${rest}`, calls]));
}

export interface StepOptions {
  /** Unix ms. */
  readonly nowMs: number;
  readonly rows?: number;
  /** How long a step may work, ms. 0: one page. */
  readonly ms?: number;
  readonly keepDays?: number;
  readonly keepSeconds?: number;
}

export interface Step {
  readonly did: string | null;
  readonly held_up: boolean;
}

/** One step of the roll-up. */
export async function step(
  pool: pg.Pool,
  { nowMs, rows = 2000, ms = 100, keepDays = 400, keepSeconds = 86_400 }: StepOptions,
): Promise<Step> {
  const result = await pool.query<Step>('SELECT did, held_up FROM rollgate.roll_up_step($1, $2, $3, $4, $5)', [
    keepDays,
    keepSeconds,
    new Date(nowMs),
    rows,
    ms,
  ]);
  return result.rows[0] as Step;
}

/** Steps until nothing is left to do. @returns what was done */
export async function rollUp(pool: pg.Pool, options: StepOptions): Promise<string[]> {
  const done: string[] = [];
  for (let steps = 0; ; steps++) {
    if (steps > 20_000) throw new Error('the roll-up does not end');
    const { did, held_up } = await step(pool, options);
    if (did === null && !held_up) return done;
    if (did !== null) done.push(...did.split('; '));
  }
}

/** The first second that is not rolled up. */
export async function rolledTo(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ second: number }>(
    'SELECT extract(epoch FROM rolled_to)::int AS second FROM rollgate.roll_up',
  );
  return rows[0]?.second ?? 0;
}

export async function forgetEverything(pool: pg.Pool): Promise<void> {
  await pool.query(
    `TRUNCATE rollgate.counter, rollgate.bucket, rollgate.lane, rollgate.freed, rollgate.freeing, rollgate.limit_event_row,
       rollgate.usage_series, rollgate.usage_hour, rollgate.usage_day, rollgate.denial_hour, rollgate.usage_refund,
       rollgate.usage_late, rollgate.usage_day_due, rollgate.roll_up`,
  );
}
