import { SettingsError } from '@rollgate/contract/environment';
import { createPlatform, type Platform } from './platform.js';
import { readSettings } from './settings.js';

/** Longest time that requests in progress may take after the port is closed. */
const FINISH_MS = 10_000;

try {
  const settings = readSettings(process.env);
  const platform = await createPlatform(settings);
  stopOnSignals(platform, settings.drainMs);
  console.log(`Rollgate platform ready: ${platform.url}`);
} catch (error) {
  for (const line of error instanceof SettingsError ? error.lines : [reasonOf(error)])
    console.error(`platform: ${line}`);
  process.exit(1);
}

/** SIGTERM first drains. Ctrl-C does not, and a second signal ends the delay. */
function stopOnSignals(platform: Platform, drainMs: number): void {
  let signals = 0;
  const stop = (delayMs: number): void => {
    signals += 1;
    const drains = signals === 1 && delayMs > 0;
    setTimeout(
      () => {
        console.error(`platform: requests still ran after ${FINISH_MS / 1000} s`);
        process.exit(1);
      },
      (drains ? delayMs : 0) + FINISH_MS,
    ).unref();
    (drains ? platform.drain(delayMs) : platform.close()).then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`platform: ${reasonOf(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => stop(drainMs));
  process.on('SIGINT', () => stop(0));
}

/** The reason of a failure, as one line. */
function reasonOf(error: unknown): string {
  const { code, message, port } = error as { code?: string; message?: string; port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken: set PLATFORM_PORT to another one`;
  const text = message || code || String(error);
  return text.split('\n', 1)[0] ?? text;
}
