/** What an instance of an experiment is told. */
export interface Load {
  readonly accounts: number;
  /** The number of the first one, 0 by default. */
  readonly firstAccount?: number;
  /** Of each account. */
  readonly bots: number;
  readonly perSecond: number;
  /** One of them, drawn for each call. */
  readonly costs: readonly number[];
  /** The bot `poison` instead of another, every so many calls. */
  readonly poisonEvery?: number;
  /** Calls come in bursts of this many, all for one account. */
  readonly burst?: number;
  /** After so long without a rest, no call for so long, and so on. */
  readonly rests?: { readonly afterMs: number; readonly forMs: number };
  /** Instead of `perSecond`: bursts for the first account, the next one so long after the last one was decided. */
  readonly mixed?: MixedBursts;
}

/** A burst of so many calls for each bot, in random order, at once. */
export interface MixedBursts {
  readonly everyMs: number;
  readonly callsOfBots: readonly number[];
}

/** A clock that runs faster, from `startMs` at `atMs` of the machine's wall clock. */
export interface FastClock {
  readonly startMs: number;
  readonly atMs: number;
  readonly speed: number;
}

export interface InstanceJob {
  readonly name: string;
  readonly seed: number;
  readonly databaseUrl: string;
  /** A file that holds the URL instead, read for each new connection. */
  readonly databaseUrlFile?: string;
  /** The first calls come before the limiter has reached the database. */
  readonly cold?: boolean;
  /** Where its history goes, appended. */
  readonly historyFile: string;
  readonly limits: { readonly perMinute: number; readonly perHour: number };
  readonly load: Load;
  readonly limiter?: {
    readonly stripes?: number;
    readonly connections?: number;
    readonly budgetMs?: number;
    readonly pooled?: boolean;
    readonly maxDeniedSubjects?: number;
    readonly pollEveryMs?: number;
  };
  readonly clock?: FastClock;
}

export const READY = 'ready';
export const SETTLED = 'settled';
export const GO = 'go\n';
/** No more calls for now. */
export const PAUSE = 'pause\n';
export const STOP = 'stop\n';

export function readFastClock({ startMs, atMs, speed }: FastClock): number {
  return startMs + (Date.now() - atMs) * speed;
}
