/**
 * Log messages for operators.
 *
 * Invariant: callers can't flood the log, and nothing that a caller sent is logged.
 */
import { Injectable, Logger } from '@nestjs/common';

/** A failing database fails every call. One line per second is enough. */
const FAILURES_EVERY_MS = 1000;

@Injectable()
export class Warnings {
  readonly #logger = new Logger('Rollgate');
  /** Bounded, because the texts contain only names of APIs and dimensions in the application's decorators. */
  readonly #said = new Set<string>();
  readonly #failures = new Map<string, { loggedAtMs: number; unlogged: number }>();

  once(text: string): void {
    if (this.#said.has(text)) return;
    this.#said.add(text);
    this.#logger.warn(text);
  }

  failed(what: string, error: unknown): void {
    const now = performance.now();
    const last = this.#failures.get(what);
    if (last && now - last.loggedAtMs < FAILURES_EVERY_MS) {
      last.unlogged++;
      return;
    }
    this.#failures.set(what, { loggedAtMs: now, unlogged: 0 });
    const before = last && last.unlogged > 0 ? ` (and ${last.unlogged} more since the last line)` : '';
    this.#logger.error(`${what} failed${before}`, error instanceof Error ? error.stack : String(error));
  }
}
