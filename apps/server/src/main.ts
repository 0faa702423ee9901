import { failureLines } from './failure-lines.js';
import { createLogger } from './logging/logger.js';
import { createServer, type Server } from './server.js';
import { readSettings } from './settings.js';

/** Orchestrators kill after 10 s. Requests are done by then; only a database that no longer answers holds on. */
const STOP_MS = 8_000;

let server: Server | undefined;
let stopping = false;

// From the first moment: as process 1 of a container, a signal without a listener would do nothing.
process.on('SIGTERM', stop);
process.on('SIGINT', stop);

try {
  const settings = readSettings(process.env);
  const logger = createLogger(settings.logLevel);
  server = await createServer({ ...settings, logger });
  logger.info({ url: server.url }, 'Rollgate service ready');
} catch (error) {
  fail(error);
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(0), STOP_MS).unref();
  // Not serving yet: there is nothing to drain.
  if (server === undefined) process.exit(0);
  server.close().then(() => process.exit(0), fail);
}

function fail(error: unknown): never {
  for (const line of failureLines(error)) console.error(`rollgate: ${line}`);
  process.exit(1);
}
