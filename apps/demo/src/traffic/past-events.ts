/** Limit events before the live traffic: which subjects were denied and when. The history gives the limits. */
import type { Period } from '../period.js';
import type { Random } from '../random.js';
import { BLOCKED } from '../story/overrides.js';
import type { WantedDenial } from '../story/story-teller.js';
import { activityAt, anySubject, type Subject, subjectOf } from './world.js';

/** Denials of one subject in consecutive seconds. */
export interface Burst {
  readonly subject: Subject;
  readonly at: Date;
  readonly seconds: number;
  /** Maximum in each second. */
  readonly calls: number;
  readonly window: 'minute' | 'hour' | null;
  readonly mode?: 'fallback_allowed' | 'fallback_denied';
  readonly eventId?: string;
}

/** Average denials in a busy hour. Each lasts a few seconds; a month has about three thousand. */
const PER_BUSY_HOUR = 9;

/** All bursts before the live traffic, sorted by time. */
export function pastBursts({
  period,
  denials,
  random,
}: {
  period: Period;
  denials: readonly WantedDenial[];
  random: Random;
}): Burst[] {
  const bursts = [
    ...everyday(period, random),
    ...attacks(period, random),
    ...outage(period, random),
    ...shadowed(period, random),
    ...denials.map(({ eventId, at, subject }) => ({
      subject,
      at,
      seconds: 1,
      calls: 9,
      window: 'minute' as const,
      eventId,
    })),
  ];
  return bursts
    .filter(({ at, seconds }) => at >= period.start && at.getTime() + seconds * 1_000 < period.live.getTime())
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}

function everyday({ start, live }: Period, random: Random): Burst[] {
  const bursts: Burst[] = [];
  for (let hour = start.getTime(); hour < live.getTime(); hour += 3_600_000) {
    const count = random.round(activityAt(new Date(hour)) * PER_BUSY_HOUR);
    for (let i = 0; i < count; i++) {
      const at = new Date(hour + random.int(0, 3_599_999));
      const window = random.chance(0.18) ? 'hour' : 'minute';
      bursts.push({
        subject: anySubject(random),
        at,
        seconds: 1 + random.int(0, 14) ** 2 / 14,
        calls: 1 + random.int(0, 6),
        window,
      });
    }
    // Every hundredth allowed call of one API is recorded.
    const sampled = subjectOf('acme', 'publish-bot', 'bot-1');
    const at = new Date(hour + random.int(0, 3_599_999));
    if (random.chance(0.3)) bursts.push({ subject: sampled, at, seconds: 1, calls: 1, window: null });
  }
  return bursts;
}

/** Programs that retry without waiting: several minutes with denials in every second. */
function attacks({ at }: Period, random: Random): Burst[] {
  const attack = (subject: Subject, from: Date, { minutes, calls }: { minutes: number; calls: number }) =>
    Array.from({ length: minutes }, (_, i) => ({
      subject,
      at: new Date(from.getTime() + i * 60_000 + random.int(0, 400)),
      seconds: 59,
      calls,
      window: i < 30 ? ('minute' as const) : ('hour' as const),
    }));
  return [
    ...attack(subjectOf('tenant-107', 'find-intent', 'bot-1'), at(0.22), { minutes: 24, calls: 420 }),
    ...attack(subjectOf(BLOCKED.account, BLOCKED.api, BLOCKED.bot), new Date(at(BLOCKED.at).getTime() - 2_400_000), {
      minutes: 55,
      calls: 160,
    }),
    ...attack(subjectOf('harbor-logistics', 'get-table-data', 'orders'), at(0.83), { minutes: 38, calls: 900 }),
  ];
}

/**
 * The database was unavailable for four minutes: instances decided by their own counts and recorded these decisions.
 */
function outage({ at }: Period, random: Random): Burst[] {
  return Array.from({ length: 200 }, () => {
    const denied = random.chance(0.15);
    return {
      subject: anySubject(random),
      at: new Date(at(0.7).getTime() + random.int(0, 240_000)),
      seconds: 1,
      calls: denied ? 6 : 2,
      window: denied ? ('minute' as const) : null,
      mode: denied ? ('fallback_denied' as const) : ('fallback_allowed' as const),
    };
  });
}

/** An account and an API in shadow mode: their denials are only recorded. */
function shadowed({ at }: Period, random: Random): Burst[] {
  const of = (from: number, to: number, subject: () => Subject): Burst => ({
    subject: subject(),
    at: at(from + random.next() * (to - from)),
    seconds: random.int(2, 20),
    calls: random.int(1, 12),
    window: 'minute',
  });
  const some = (count: number, make: () => Burst) => Array.from({ length: count }, make);
  return [
    ...some(60, () =>
      of(0.36, 0.49, () => subjectOf(anySubject(random).account, 'get-analytics', `bot-${random.int(1, 3)}`)),
    ),
    ...some(60, () =>
      of(0.64, 0.99, () =>
        subjectOf('kestrel-games', random.pick(['find-intent', 'publish-bot']), `bot-${random.int(1, 4)}`),
      ),
    ),
  ];
}
