import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Limiter } from '@rollgate/limiter';

export interface Readiness {
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
  /** How calls are decided now, see `Limiter.state()`. */
  readonly mode: 'starting' | 'normal' | 'fallback' | 'quarantine';
}

/**
 * For the readiness probe of your application, and for stopping it without losing calls. Inject it, or
 * `app.get(RollgateHealth)`.
 *
 * An application is ready unless it is shutting down, or its limiter has not reached the database since the start. While the
 * database is away later on it stays ready: guarded calls are decided by each API's outage mode, and taking every instance
 * out of the load balancer would turn that into an outage of the application.
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

  /** The same as a health indicator of `@nestjs/terminus`: `terminus.check([() => health.check()])`. */
  check(key = 'rollgate'): Record<string, { status: 'up' | 'down'; mode: string; reason?: string }> {
    const { ready, reason, mode } = this.readiness();
    return { [key]: ready ? { status: 'up', mode } : { status: 'down', mode, reason } };
  }

  /**
   * Not ready from now on, and each answer closes its connection. Resolves after `delayMs`, which must be longer than your
   * load balancer takes to notice; then close the application. Calls are served as before meanwhile.
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

  /** Also an application that is closed without a delay is no longer ready. */
  beforeApplicationShutdown(): void {
    this.#stop();
  }

  #stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    // Undefined in an application without HTTP.
    const server: Partial<Server> | undefined = this.adapterHost.httpAdapter?.getHttpServer();
    server?.prependListener?.('request', closeAfterwards);
  }
}

/** A connection that is kept alive would be closed later, perhaps while its next request is on the way. */
function closeAfterwards(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Connection', 'close');
}
