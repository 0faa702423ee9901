/**
 * What operators read. Invariant: no caller can flood the log, and nothing a caller sent is written.
 */
import { Injectable, Logger } from '@nestjs/common';

/** A failing database fails every call: one line a second says as much as thousands. */
const FAILURES_EVERY_MS = 1000;

@Injectable()
export class Warnings {
  readonly #logger = new Logger('Rollgate');
  /** Bounded by what is decorated: texts hold names of APIs and dimensions only. */
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
