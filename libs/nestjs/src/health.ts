import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Limiter } from '@rollgate/limiter';

/** Whether the application should receive calls, and why not. */
export interface Readiness {
  readonly ready: boolean;
  /** Why it is not ready; empty if it is ready. */
  readonly reason: string;
  /** How calls are decided now; see `Limiter.state()`. */
  readonly mode: 'starting' | 'normal' | 'fallback' | 'quarantine';
}

/**
 * For the readiness probe of your application, and for stopping it without losing calls. Inject it, or use
 * `app.get(RollgateHealth)`.
 *
 * The application is not ready while it shuts down, and until its limiter has reached the database for the first time.
 * It stays ready when the database becomes unavailable later: each API's outage mode decides guarded calls, and
 * removing every instance from the load balancer would cause an outage of the application.
 */
@Injectable()
export class RollgateHealth implements BeforeApplicationShutdown {
  #stopping = false;

  constructor(
    @Inject(Limiter) private readonly limiter: Limiter,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  isReady(): boolean {
    return this.readiness().ready;
  }

  readiness(): Readiness {
    const { mode, reason } = this.limiter.state();
    if (this.#stopping) return { ready: false, reason: 'the application is shutting down', mode };
    if (mode !== 'starting') return { ready: true, reason: '', mode };
    return { ready: false, reason: reason || 'the limiter has not reached its database yet', mode };
  }

  /** The same, as a health indicator for `@nestjs/terminus`: `terminus.check([() => health.check()])`. */
  check(key = 'rollgate'): Record<string, { status: 'up' | 'down'; mode: string; reason?: string }> {
    const { ready, reason, mode } = this.readiness();
    return { [key]: ready ? { status: 'up', mode } : { status: 'down', mode, reason } };
  }

  /**
   * Reports the application as not ready from now on, and lets each response close its connection. Calls are still
   * served. Resolves after `delayMs` milliseconds, which must be longer than your load balancer takes to notice. Close
   * the application then.
   *
   * ```ts
   * process.once('SIGTERM', async () => {
   *   await app.get(RollgateHealth).drain(5_000);
   *   await app.close();
   * });
   * ```
   */
  async drain(delayMs: number): Promise<void> {
    this.#stop();
    await wait(delayMs);
  }

  /** An application that is closed without `drain` is not ready either. */
  beforeApplicationShutdown(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    // Undefined if the application has no HTTP server.
    const server: Partial<Server> | undefined = this.adapterHost.httpAdapter?.getHttpServer();
    server?.prependListener?.('request', closeAfterwards);
  }
}

/** A kept-alive connection would be closed later, possibly while its next request is in transit. */
function closeAfterwards(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Connection', 'close');
}
