/**
 * Child: one of several instances that share a store. It opens its contender once, and then puts loads on it as its parent instructs.
 *
 * Invariant: it ends when its parent ends for any reason, because the channel between them then closes.
 */
import type { Contender, ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { closedLoop, forSeconds, onePass } from '../load/closed-loop.js';
import { openLoop } from '../load/open-loop.js';
import { createTraffic, type Traffic } from '../load/traffic.js';

export interface InstanceJob {
  readonly contender: ContenderName;
  readonly options: Omit<ContenderOptions, 'clock'>;
  /** The instance's place in the cluster, from 0. Instances draw different sequences of subjects. */
  readonly place: number;
  readonly size: number;
}

interface Timed {
  /** Calls of this time at the beginning are made but not measured. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

type ClosedLoad = Timed & { readonly kind: 'closed'; readonly callers: number };
type OpenLoad = Timed & { readonly kind: 'open'; readonly perSecond: number };
/** One call for each subject, by all instances together. */
type PassLoad = { readonly kind: 'pass'; readonly callers: number };

/** What one instance does. */
export type Load = ClosedLoad | OpenLoad | PassLoad;

export interface LoadResult {
  /** Decisions per second that the database made. */
  readonly perSecond: number;
  /** Latency of each measured decision, ms. */
  readonly latencies: Float64Array;
  /** All calls of the load, with those of the warm-up, and those of them that the database did not decide in time. */
  readonly decisions: number;
  readonly withoutDatabase: number;
}

export type InstanceMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'result'; readonly result: LoadResult }
  | { readonly kind: 'failed'; readonly message: string };

function tell(message: InstanceMessage): void {
  process.send?.(message);
}

/** Passes calls on and counts them. */
class CountedContender implements Contender {
  decisions = 0;
  readonly #contender: Contender;

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  get withoutDatabase(): number {
    return this.#contender.withoutDatabase ?? 0;
  }

  open(): Promise<void> {
    return this.#contender.open();
  }

  decide(account: string, subject: string): Promise<boolean> {
    this.decisions++;
    return this.#contender.decide(account, subject);
  }

  close(): Promise<void> {
    return this.#contender.close();
  }
}

interface Setting {
  readonly contender: CountedContender;
  readonly traffic: Traffic;
  /** The subjects that this instance calls in a pass. */
  readonly ownTraffic: Traffic;
}

type Measured = Pick<LoadResult, 'perSecond' | 'latencies'>;

async function underLoad(load: Load, setting: Setting): Promise<LoadResult> {
  const { contender } = setting;
  const before = { decisions: contender.decisions, withoutDatabase: contender.withoutDatabase };
  const { perSecond, latencies } = await LOADS[load.kind](load as never, setting);
  const decisions = contender.decisions - before.decisions;
  const withoutDatabase = contender.withoutDatabase - before.withoutDatabase;
  return { perSecond: perSecond * (1 - withoutDatabase / decisions), latencies, decisions, withoutDatabase };
}

const LOADS = {
  async closed(load: ClosedLoad, setting: Setting): Promise<Measured> {
    const result = await closedLoop({ ...setting, ...load, timed: true, warmUp: forSeconds(load.warmUpSeconds) });
    const { decisions, denied, seconds, latencies, drained } = result;
    await drained;
    if (denied > 0) throw new Error(`${denied} of ${decisions} calls were denied although the limit allows all`);
    return { perSecond: decisions / seconds, latencies: latencies?.values() ?? new Float64Array() };
  },
  async open(load: OpenLoad, setting: Setting): Promise<Measured> {
    const latencies = (await openLoop({ ...setting, ...load })).values();
    return { perSecond: latencies.length / load.seconds, latencies };
  },
  async pass({ callers }: PassLoad, { contender, ownTraffic }: Setting): Promise<Measured> {
    const seconds = await onePass({ contender, traffic: ownTraffic, callers });
    return { perSecond: ownTraffic.subjects.length / seconds, latencies: new Float64Array() };
  },
} satisfies { [Kind in Load['kind']]: (load: Extract<Load, { kind: Kind }>, setting: Setting) => Promise<Measured> };

async function main({ contender: name, options, place, size }: InstanceJob): Promise<void> {
  const contender = new CountedContender(await createContender(name, options));
  await contender.open();
  const traffic = createTraffic({ distribution: 'uniform', seed: place + 1 });
  const isOwn = (_: string, rank: number): boolean => rank % size === place;
  const ownTraffic = {
    ...traffic,
    accounts: traffic.accounts.filter(isOwn),
    subjects: traffic.subjects.filter(isOwn),
  };
  process.on('message', (load: Load) => {
    underLoad(load, { contender, traffic, ownTraffic }).then((result) => tell({ kind: 'result', result }), fail);
  });
  tell({ kind: 'ready' });
}

function fail(error: unknown): void {
  tell({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

process.on('disconnect', () => process.exit(1));
main(JSON.parse(process.argv[2] ?? '{}') as InstanceJob).catch(fail);
