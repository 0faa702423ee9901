import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** What Nest and its modules log, as lines of ours. The last parameter of each call is the part that speaks. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  // Nest tells each module and route at its own level `log`: of interest only to who looks for a fault.
  log(message: unknown, ...rest: unknown[]): void {
    this.#logger.debug({ context: rest.at(-1) }, String(message));
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.log(message, ...rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.#logger.trace({ context: rest.at(-1) }, String(message));
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#logger.warn({ context: rest.at(-1) }, String(message));
  }

  /** Called with (message, stack, context) or (error, context). */
  error(message: unknown, ...rest: unknown[]): void {
    const stack = rest.length > 1 ? rest[0] : undefined;
    const context = rest.at(-1);
    if (message instanceof Error) this.#logger.error({ err: message, context }, message.message);
    else this.#logger.error({ stack, context }, String(message));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.error(message, ...rest);
  }
}
