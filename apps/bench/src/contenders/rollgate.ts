import { Catalogue, type Decision } from '@rollgate/contract';
import { createPostgresLimiter, type Limiter, LimiterUnavailableError } from '@rollgate/limiter';
import type { Contender, ContenderOptions } from './contender.js';

/** ID of the only API in `benchCatalogue`. */
export const BENCH_API = 'bench';

export function benchCatalogue(limits: ContenderOptions['limits']): Catalogue {
  const apis = [{ id: BENCH_API, title: 'Bench' }];
  return new Catalogue([{ id: 'bench', title: 'Bench', level: ['bot'], limits, apis }]);
}

/** Rollgate as an application creates it. The janitor is off, because in production the service runs it. */
export class Rollgate implements Contender {
  readonly #options: ContenderOptions;
  #limiter!: Limiter;
  withoutDatabase = 0;
  // One function for all calls avoids a closure per call.
  readonly #isAllowed = ({ allowed, mode }: Decision): boolean => {
    if (mode === 'fallback_allowed' || mode === 'fallback_denied') this.withoutDatabase++;
    return allowed;
  };
  /** An application answers 503 to a call that neither the database nor the instance itself can decide. */
  readonly #noteRefused = (error: unknown): boolean => {
    if (!this.#options.outage || !(error instanceof LimiterUnavailableError)) throw error;
    this.withoutDatabase++;
    return true;
  };

  constructor(options: ContenderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { databaseUrl, limits, clock, outage = false } = this.#options;
    this.#limiter = createPostgresLimiter({
      databaseUrl,
      catalogue: benchCatalogue(limits),
      janitor: false,
      // Without an outage mode the database makes every decision of a run, however late.
      ...(outage ? {} : { outage: false as const }),
      ...(clock ? { clock } : {}),
      // With an outage mode, decisions without the database are expected, and counted instead of printed.
      ...(outage ? { onReport: () => undefined } : { onError: (error) => console.error(error) }),
    });
  }

  decide(account: string, subject: string): Promise<boolean> {
    return this.#limiter
      .acquire({ account, api: BENCH_API, dimensions: { bot: subject } })
      .then(this.#isAllowed, this.#noteRefused);
  }

  close(): Promise<void> {
    return this.#limiter.close();
  }
}
