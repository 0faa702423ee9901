import { failureLines } from './failure-lines.js';
import { createLogger } from './logging/logger.js';
import { createServer, type Server } from './server.js';
import { readSettings } from './settings.js';

/**
 * Time for requests in flight, after the drain delay. They are normally done by then, unless the database does not respond.
 */
const STOP_MS = 8_000;

let server: Server | undefined;
let drainMs = 0;
let signals = 0;

// Listen from the start: for process 1 of a container, a signal without a listener has no effect.
process.on('SIGTERM', () => stop({ delayMs: drainMs }));
// Ctrl-C at a terminal: there is no load balancer to wait for.
process.on('SIGINT', () => stop({ delayMs: 0 }));

try {
  const settings = readSettings(process.env);
  drainMs = settings.drainMs ?? 0;
  const logger = createLogger(settings.logLevel);
  server = await createServer({ ...settings, logger });
  logger.info({ url: server.url }, 'Rollgate service ready');
} catch (error) {
  fail(error);
}

/** A second signal ends the delay of the first one. */
function stop({ delayMs }: { delayMs: number }): void {
  signals += 1;
  // The service is not serving yet, so there is nothing to drain.
  if (server === undefined) process.exit(0);
  const drains = signals === 1 && delayMs > 0;
  setTimeout(() => process.exit(0), (drains ? delayMs : 0) + STOP_MS).unref();
  (drains ? server.drain(delayMs) : server.close()).then(() => process.exit(0), fail);
}

function fail(error: unknown): never {
  for (const line of failureLines(error)) console.error(`rollgate: ${line}`);
  process.exit(1);
}
