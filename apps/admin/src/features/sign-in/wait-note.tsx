import { waitText } from '@rollgate/contract/wait-text';
import { useEffect, useState } from 'react';
import { ApiError } from '../../api/client.js';

const MOST_SECONDS = 86_400;

/** How long the next attempt has to wait; undefined: the error has another cause. */
export function waitSecondsOf(error: Error): number | undefined {
  return error instanceof ApiError && error.status === 429 ? error.problem.retryAfterSeconds : undefined;
}

/** Reads a wait from the address: whole seconds up to a day; undefined: not a valid wait. */
export function parseWait(text: string | undefined): number | undefined {
  const seconds = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return seconds >= 1 && seconds <= MOST_SECONDS ? seconds : undefined;
}

/**
 * Counts down. Another wait needs another `key`. A screen reader reads the sentence when it appears and when the wait is over,
 * but not each second.
 */
export function WaitNote({ seconds }: { seconds: number }) {
  const leftMs = useTimeLeft(seconds * 1000);
  if (leftMs <= 0) return <>You can try again now.</>;
  return (
    <>
      Too many attempts to sign in. Try again in{' '}
      <span role="timer" aria-live="off">
        {waitText(leftMs)}
      </span>
      .
    </>
  );
}

/** The remaining time of a wait that begins now, in ms. Changes of this machine's time of day do not affect it. */
function useTimeLeft(waitMs: number): number {
  const [endsAt] = useState(() => performance.now() + waitMs);
  const [leftMs, setLeftMs] = useState(waitMs);
  const over = leftMs <= 0;
  useEffect(() => {
    if (over) return;
    const timer = setInterval(() => setLeftMs(endsAt - performance.now()), 250);
    return () => clearInterval(timer);
  }, [endsAt, over]);
  return leftMs;
}
