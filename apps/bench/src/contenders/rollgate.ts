import { Catalogue } from '@rollgate/contract';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import type { Contender, ContenderOptions } from './contender.js';

/** The API of `benchCatalogue`. */
export const BENCH_API = 'bench';

export function benchCatalogue(limits: ContenderOptions['limits']): Catalogue {
  const apis = [{ id: BENCH_API, title: 'Bench' }];
  return new Catalogue([{ id: 'bench', title: 'Bench', level: ['bot'], limits, apis }]);
}

/** As an application creates it; the janitor is off because in production the service runs it. */
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
      // Every decision of a run is the database's, however late.
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

// One function for all calls, not a closure each.
function isAllowed({ allowed }: { allowed: boolean }): boolean {
  return allowed;
}
