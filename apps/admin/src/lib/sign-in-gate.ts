/** Holds calls back while no one is signed in. The sign-in dialog releases them. */
import { useSyncExternalStore } from 'react';

interface Waiting {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

let waiting: Waiting | undefined;
const listeners = new Set<() => void>();

/** Resolves once a person has signed in again. */
export function untilSignedIn(): Promise<void> {
  if (waiting === undefined) {
    let open = () => {};
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    waiting = { promise, open };
    notify();
  }
  return waiting.promise;
}

export function signedInAgain(): void {
  waiting?.open();
  waiting = undefined;
  notify();
}

export function useSignInNeeded(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting !== undefined,
  );
}

function notify(): void {
  for (const listener of listeners) listener();
}
