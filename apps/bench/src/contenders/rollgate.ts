import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
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

  constructor(options: ContenderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { databaseUrl, limits, clock } = this.#options;
    this.#limiter = createPostgresLimiter({
      databaseUrl,
      catalogue: benchCatalogue(limits),
      janitor: false,
      // The database makes every decision of a run, however late.
      outage: false,
      ...(clock ? { clock } : {}),
      onError: (error) => console.error(error),
    });
  }

  decide(account: string, subject: string): Promise<boolean> {
    return this.#limiter.acquire({ account, api: BENCH_API, dimensions: { bot: subject } }).then(isAllowed);
  }

  close(): Promise<void> {
    return this.#limiter.close();
  }
}

// One function for all calls avoids a closure per call.
function isAllowed({ allowed }: { allowed: boolean }): boolean {
  return allowed;
}
