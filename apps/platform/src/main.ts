import { createPlatform, type Platform } from './platform.js';
import { readSettings, SettingsError } from './settings.js';

/** How long requests in flight may take once the platform is told to stop. */
const DRAIN_MS = 10_000;

try {
  const settings = readSettings(process.env);
  const platform = await createPlatform(settings);
  stopOnSignals(platform);
  console.log(`Rollgate platform ready: ${platform.url}`);
} catch (error) {
  console.error(`platform: ${reasonOf(error)}`);
  process.exit(1);
}

function stopOnSignals(platform: Platform): void {
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      console.error(`platform: requests still ran after ${DRAIN_MS / 1000} s`);
      process.exit(1);
    }, DRAIN_MS).unref();
    platform.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(`platform: ${reasonOf(error)}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** One line, whatever happened. */
function reasonOf(error: unknown): string {
  if (error instanceof SettingsError) return error.message;
  const { code, message, port } = error as { code?: string; message?: string; port?: number };
  if (code === 'EADDRINUSE') return `port ${port} is taken: set PLATFORM_PORT to another one`;
  const text = message || code || String(error);
  return text.split('\n', 1)[0] ?? text;
}
