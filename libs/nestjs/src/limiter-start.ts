/**
 * Starts the limiter with the application, so that a wrong database fails the start instead of calls, and sends the
 * limiter's reports to Nest's logger.
 */
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Report } from '@rollgate/limiter';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';

@Injectable()
export class LimiterStart implements OnModuleInit {
  readonly #logger = new Logger('Rollgate');

  constructor(@Inject(ROLLGATE_OPTIONS) private readonly options: RollgateOptions) {
    // As early as possible: the limiter may have something to report before the application has started.
    options?.limiter?.reports?.routeByDefault((report) => this.#log(report));
  }

  /**
   * @throws LimiterStartError if the limiter can't reach its database, CatalogueConflictError if another application
   * registers one of the APIs with another definition, unless `onStart` is `wait`
   */
  async onModuleInit(): Promise<void> {
    const { limiter, onStart = 'fail', closeLimiter } = this.options;
    if (onStart === 'wait') {
      // The limiter reports the failure itself and keeps trying.
      limiter.start().catch(() => undefined);
      return;
    }
    try {
      await limiter.start();
    } catch (error) {
      // Nest does not shut down an application that has not started.
      if (closeLimiter !== false) await limiter.close().catch(() => undefined);
      throw error;
    }
  }

  #log({ level, message }: Report): void {
    if (level === 'info') this.#logger.log(message);
    else this.#logger[level](message);
  }
}
