import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Writes what Nest and its modules log to the service's log. The last parameter of each call names the component. */
export class NestLogger implements LoggerService {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  // Nest logs each module and route at its own level `log`, which is useful only for debugging.
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
