/**
 * Remembers valid service tokens for a minute, so that a program can still get decisions while the database does not
 * respond.
 *
 * Invariants: while the database responds, every call looks the token up, so a revocation on any instance applies at once;
 * a remembered token older than `USABLE_MS`, or past its own expiry, is never trusted; an unknown token is not remembered.
 */
import { isDatabaseAway, SingleFlight } from '@rollgate/limiter';

/** Without the database, a token works for this long after the last lookup that found it. */
export const USABLE_MS = 60_000;
/** Time limit for looking up a token that is already known. After it, the token is trusted. */
const LOOK_WITHIN_MS = 300;
/** For this long after a failed lookup, calls with known tokens do not wait for another one. */
const LOOK_AGAIN_AFTER_MS = 1_000;
/** The most tokens remembered. A service normally has only a few. */
const MOST_TOKENS = 1_000;

export interface FoundToken<Token> {
  readonly token: Token;
  /** `null`: does not expire. */
  readonly endsInMs: number | null;
}

interface Known<Token> {
  readonly token: Token;
  readonly learnedAt: number;
  readonly endsAt: number;
}

export class KnownTokens<Token> {
  readonly #known = new Map<string, Known<Token>>();
  readonly #looks = new SingleFlight<Token | undefined>();
  readonly #now: () => number;
  /** How often the tokens were forgotten. A lookup that began before the last time is not remembered. */
  #generation = 0;
  #failedAt = Number.NEGATIVE_INFINITY;

  /** `now`: monotonic, ms. */
  constructor({ now = () => performance.now() }: { now?: () => number } = {}) {
    this.#now = now;
  }

  /** @param look queries the database. @throws the error of `look`, if the token is not remembered */
  async find(hash: string, look: () => Promise<FoundToken<Token> | undefined>): Promise<Token | undefined> {
    const known = this.#usable(hash);
    if (known && this.#now() - this.#failedAt < LOOK_AGAIN_AFTER_MS) return known.token;
    const looking = this.#look(hash, look);
    return known ? await this.#orKnown(looking, known) : await looking;
  }

  /** Forgets a token that was revoked on this instance. */
  forgetAll(): void {
    this.#known.clear();
    this.#looks.detachAll();
    this.#generation++;
  }

  #usable(hash: string): Known<Token> | undefined {
    const known = this.#known.get(hash);
    const now = this.#now();
    return known && now < known.endsAt && now - known.learnedAt < USABLE_MS ? known : undefined;
  }

  /** Calls that arrive meanwhile share one lookup. */
  #look(hash: string, look: () => Promise<FoundToken<Token> | undefined>): Promise<Token | undefined> {
    return this.#looks.run(async () => {
      const generation = this.#generation;
      const found = await look();
      if (generation === this.#generation) this.#learn(hash, found);
      return found?.token;
    }, hash);
  }

  #learn(hash: string, found: FoundToken<Token> | undefined): void {
    this.#known.delete(hash);
    if (found === undefined) return;
    const now = this.#now();
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_TOKENS && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(hash, { token: found.token, learnedAt: now, endsAt: now + (found.endsInMs ?? Infinity) });
  }

  async #orKnown(looking: Promise<Token | undefined>, known: Known<Token>): Promise<Token | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Token>((resolve) => {
      timer = setTimeout(() => {
        this.#failedAt = this.#now();
        resolve(known.token);
      }, LOOK_WITHIN_MS);
    });
    const answered = looking.catch((error: unknown) => {
      if (!isDatabaseAway(error)) throw error;
      this.#failedAt = this.#now();
      return known.token;
    });
    try {
      return await Promise.race([answered, late]);
    } finally {
      clearTimeout(timer);
      answered.catch(() => undefined);
    }
  }
}
