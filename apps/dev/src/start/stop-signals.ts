import { inspectProcess } from '@rollgate/testing';

// Ctrl-C in a terminal arrives more than once: the terminal sends it to the whole group and npm passes its own on.
const SAME_KEY_PRESS_MS = 500;

export interface StopSignals {
  /** Resolves at the first request to stop. */
  readonly requested: Promise<void>;
}

/** `onForce` is called when the person asks a second time. */
export function listenForStop(onForce: () => void): StopSignals {
  let firstAtMs: number | undefined;
  const requested = new Promise<void>((resolve) => {
    const ask = () => {
      if (firstAtMs === undefined) {
        firstAtMs = Date.now();
        resolve();
      } else if (Date.now() - firstAtMs > SAME_KEY_PRESS_MS) onForce();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
    watchParent(ask);
  });
  return { requested };
}

/** npm, or the shell it runs us in, may be killed without passing the signal on: we would run on with nobody to stop us. */
function watchParent(ask: () => void): void {
  // Started by hand, the parent is a shell that may well end before us (nohup).
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  const shell = process.ppid;
  const npm = inspectProcess(shell)?.parentPid;
  const watch = setInterval(() => {
    if (process.ppid === shell && inspectProcess(shell)?.parentPid === npm) return;
    clearInterval(watch);
    ask();
  }, 500);
  watch.unref();
}
