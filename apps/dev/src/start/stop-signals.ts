import { inspectProcess } from '@rollgate/testing';

// One Ctrl-C arrives more than once: the terminal signals the whole process group, and npm forwards its signal.
const SAME_KEY_PRESS_MS = 500;

export interface StopSignals {
  /** Resolves at the first request to stop. */
  readonly requested: Promise<void>;
}

/** Calls `onForce` at the second Ctrl-C. */
export function listenForStop(onForce: () => void): StopSignals {
  let firstAtMs: number | undefined;
  const requested = new Promise<void>((resolve) => {
    const stop = () => {
      if (firstAtMs === undefined) {
        firstAtMs = Date.now();
        resolve();
      } else if (Date.now() - firstAtMs > SAME_KEY_PRESS_MS) onForce();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    watchParent(stop);
  });
  return { requested };
}

/** Stops this process when npm, or the shell in between, is killed without forwarding a signal. */
function watchParent(stop: () => void): void {
  // Without npm the parent is a shell, which may end earlier on purpose (nohup).
  if (process.env['npm_lifecycle_event'] !== 'start') return;
  const shell = process.ppid;
  const npm = inspectProcess(shell)?.parentPid;
  const watch = setInterval(() => {
    if (process.ppid === shell && inspectProcess(shell)?.parentPid === npm) return;
    clearInterval(watch);
    stop();
  }, 500);
  watch.unref();
}
