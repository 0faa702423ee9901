/** A reset that is made while instances are cut off is noticed when they are back, however long that took. */
import { checkRecon, isReconciled } from '../checkers/recon.js';
import { type CallRecord, type History, machineMs } from '../history/record.js';
import { stateOf } from '../lab/process-state.js';
import { countOf, type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

/** The hour decides. Without the reset a subject would be denied until long after the experiment. */
const HOURLY = { perMinute: 60, perHour: 60 };
const ACCOUNTS = 6;
/** Longer than a list of recent resets would be kept if its length depended on time. */
const GAP_SECONDS = 17;
/** Time from the end of the fault until a reset is known. Statements that the network swallowed take 5 s to fail. */
const KNOWN_WITHIN_MS = { 'black hole': 9_000, SIGSTOP: 3_000 } as const;

export const outOfTouch: Experiment = {
  name: 'reset-out-of-touch',
  what: `Subjects are reset while one instance is cut off from the database and another one is stopped, both for ${GAP_SECONDS} s`,
  seconds: GAP_SECONDS + 17,
  async run(setting) {
    const proxy = await setting.lab.proxy((await setting.lab.shared()).url);
    const world = await openWorld(setting, {
      environments: [{}, {}],
      limits: HOURLY,
      // Each instance has subjects of its own, so that what one learns does not help the other.
      load: (index) => ({ accounts: ACCOUNTS, firstAccount: index * ACCOUNTS }),
      urlOf: (direct, index) => (index === 0 ? proxy.through(direct) : direct),
      limiter: { budgetMs: 300 },
    });
    await world.fleet.start();
    await wait(6);
    proxy.set({ kind: 'black-hole' });
    world.fleet.signal(1, 'SIGSTOP');
    await wait(1.5);
    const stopped = countOf(stateOf(world.fleet.pid(1)), /^T/g);
    const resetAt = machineMs();
    const [reset] = await world.query<{ subjects: number; ms: number }>(
      `WITH subjects AS MATERIALIZED (SELECT lane, subject FROM rollgate.counter),
            done AS MATERIALIZED (SELECT rollgate.reset(lane, subject) FROM subjects)
       SELECT count(*)::int AS subjects, extract(epoch FROM clock_timestamp())::float8 * 1000 AS ms FROM done`,
    );
    const resetMs = reset?.ms ?? 0;
    await wait(GAP_SECONDS - 1.5);
    proxy.set({ kind: 'pass' });
    world.fleet.signal(1, 'SIGCONT');
    const backMs = Date.now();
    await wait(setting.seconds - GAP_SECONDS - 6);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const recon = checkRecon(outcome.history, { totals: outcome.totals ?? new Map() });
    const known = { n1: backMs + KNOWN_WITHIN_MS['black hole'], n2: backMs + KNOWN_WITHIN_MS.SIGSTOP };
    const { totals: _, ...rest } = outcome;
    const history = sinceReset(outcome.history, { resetMs, resetAt, known });
    return {
      ...rest,
      history,
      safe: { limits: HOURLY },
      faults: {
        'bytes held back': proxy.seen.held,
        'instances stopped': stopped,
        'subjects reset': reset?.subjects ?? 0,
        'denials before the reset': outcome.history.calls.filter(isDenialBefore(resetMs)).length,
      },
      claims: [
        { what: `units are reconciled ${JSON.stringify(recon)}`, holds: isReconciled(recon) },
        ...(['n1', 'n2'] as const).map((name) => ({
          what: `the database allows calls of ${name} again within ${known[name] - backMs} ms`,
          holds: outcome.history.calls.some(
            (call) => call.instance.startsWith(name) && isAllowedBetween(call, backMs - 1_000, known[name]),
          ),
        })),
      ],
    };
  },
};

const isDenialBefore =
  (ms: number) =>
  ({ allowed, mode, decidedAtMs }: CallRecord): boolean =>
    allowed === false && mode === 'enforced' && (decidedAtMs ?? 0) < ms;

function isAllowedBetween({ allowed, mode, decidedAtMs }: CallRecord, fromMs: number, toMs: number): boolean {
  return allowed === true && mode === 'enforced' && decidedAtMs !== null && decidedAtMs > fromMs && decidedAtMs < toMs;
}

/**
 * Gives a subject another name from its reset on, because earlier units justify no denial and count against no limit. Denials by
 * an instance that could not know of the reset yet are left out.
 */
function sinceReset(
  { calls, statements, ...rest }: History,
  { resetMs, resetAt, known }: { resetMs: number; resetAt: number; known: Record<string, number> },
): History {
  const named = (subject: string, isLater: boolean): string => (isLater ? `${subject} after the reset` : subject);
  const knownTo = (instance: string): number => known[instance.split('.')[0] as string] ?? 0;
  return {
    ...rest,
    calls: calls
      .filter(({ allowed, decidedAtMs, instanceMs, instance }) => {
        const ms = decidedAtMs ?? instanceMs;
        return allowed !== false || ms < resetMs || ms > knownTo(instance);
      })
      .map((call) => ({ ...call, subject: named(call.subject, (call.decidedAtMs ?? call.instanceMs) > resetMs) })),
    statements: statements.map((statement) => {
      const ms = statement.answer?.nowMs ?? null;
      // The time of the decision is unknown, so the time of sending decides.
      const isLater = ms === null ? statement.at > resetAt : ms > resetMs;
      return { ...statement, subjects: statement.subjects.map((one) => named(one, isLater)) };
    }),
  };
}
