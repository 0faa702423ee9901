/** The database's clock. Texts such as "in 12 s" are counted by it, so a wrong clock of this machine does not matter. */
import { useSyncExternalStore } from 'react';

let offsetMs = 0;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** `asOf`: the database's time in an answer that has just arrived. */
export function syncClock(asOf: string): void {
  offsetMs = Date.parse(asOf) - Date.now();
  tick();
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** The current time on the database's clock; updates each second. */
export function useServerNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = serverNow();
  for (const listener of listeners) listener();
}
