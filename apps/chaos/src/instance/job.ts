/** The job of an instance, and the messages between it and the experiment. */
export interface Load {
  readonly accounts: number;
  /** Number of the first account. Default: 0. */
  readonly firstAccount?: number;
  /** Bots of each account. */
  readonly bots: number;
  readonly perSecond: number;
  /** Each call has a random one of these. */
  readonly costs: readonly number[];
  /** Every how many calls the bot is `poison`. */
  readonly poisonEvery?: number;
  /** Number of calls in a burst, all for one account. */
  readonly burst?: number;
  /** Pauses: after `afterMs` of load, no calls for `forMs`, and so on. */
  readonly rests?: { readonly afterMs: number; readonly forMs: number };
  /** Replaces `perSecond`: bursts for the first account. */
  readonly mixed?: MixedBursts;
}

/** Bursts of calls in random order: `callsOfBots` calls for each bot, `everyMs` after the end of the last burst. */
export interface MixedBursts {
  readonly everyMs: number;
  readonly callsOfBots: readonly number[];
}

/** A clock that runs faster. It shows `startMs` when the machine's wall clock shows `atMs`. */
export interface FastClock {
  readonly startMs: number;
  readonly atMs: number;
  readonly speed: number;
}

export interface InstanceJob {
  readonly name: string;
  readonly seed: number;
  readonly databaseUrl: string;
  /** A file with the URL, which is read for each new connection. */
  readonly databaseUrlFile?: string;
  /** `true`: calls begin before the limiter has reached the database. */
  readonly cold?: boolean;
  /** The file to which the instance appends its history. */
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
/** Stops the load. */
export const PAUSE = 'pause\n';
export const STOP = 'stop\n';

export function readFastClock({ startMs, atMs, speed }: FastClock): number {
  return startMs + (Date.now() - atMs) * speed;
}
