/** Where calls wait while nobody is signed in: the dialog opens it. */
import { useSyncExternalStore } from 'react';

interface Waiting {
  readonly promise: Promise<void>;
  readonly open: () => void;
}

let waiting: Waiting | undefined;
const listeners = new Set<() => void>();

/** Resolves once somebody is signed in again. */
export function untilSignedIn(): Promise<void> {
  if (waiting === undefined) {
    let open = () => {};
    const promise = new Promise<void>((resolve) => {
      open = resolve;
    });
    waiting = { promise, open };
    tell();
  }
  return waiting.promise;
}

export function signedInAgain(): void {
  waiting?.open();
  waiting = undefined;
  tell();
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

function tell(): void {
  for (const listener of listeners) listener();
}
