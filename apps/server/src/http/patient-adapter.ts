/** Express on a server with a time limit for the arrival of a request, so that slow callers cannot hold connections. */
import { createServer } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

export interface Patience {
  /** From the first byte of a request to the last byte of its headers. */
  readonly headMs: number;
  /** To the last byte of the body. */
  readonly requestMs: number;
  /** Time between two checks for late requests. */
  readonly lookEveryMs: number;
}

const PATIENCE: Patience = { headMs: 10_000, requestMs: 30_000, lookEveryMs: 5_000 };

/**
 * Longer than the time load balancers keep idle connections, usually 60 s. If the server closed first, a request could be
 * lost in transit.
 */
const KEEP_ALIVE_MS = 72_000;

export class PatientAdapter extends ExpressAdapter {
  readonly #patience: Patience;

  constructor(patience: Patience = PATIENCE) {
    super();
    this.#patience = patience;
  }

  override initHttpServer(): void {
    const { headMs, requestMs, lookEveryMs } = this.#patience;
    const timing = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: headMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: lookEveryMs,
    };
    this.httpServer = createServer(timing, this.getInstance());
  }
}
