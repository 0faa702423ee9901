/** Express on a server that waits so long for a request to arrive, and no longer: slow callers must not hold connections. */
import { createServer } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';

export interface Patience {
  /** From a connection's first byte of a request to its last one of the head. */
  readonly headMs: number;
  /** To the last byte of the body. */
  readonly requestMs: number;
  /** Between two looks for late ones. */
  readonly lookEveryMs: number;
}

const PATIENCE: Patience = { headMs: 10_000, requestMs: 30_000, lookEveryMs: 5_000 };

/** Longer than load balancers keep idle connections, mostly 60 s: whoever closes first must not be the one about to be called. */
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
