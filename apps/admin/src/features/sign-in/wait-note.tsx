import { waitText } from '@rollgate/contract/wait-text';
import { useEffect, useState } from 'react';
import { ApiError } from '../../api/client.js';

const MOST_SECONDS = 86_400;

/** How long the service wants the next attempt to wait; undefined: `error` is about something else. */
export function waitSecondsOf(error: Error): number | undefined {
  return error instanceof ApiError && error.status === 429 ? error.problem.retryAfterSeconds : undefined;
}

/** As an address has it: whole seconds up to a day, or nothing to count by. */
export function parseWait(text: string | undefined): number | undefined {
  const seconds = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0;
  return seconds >= 1 && seconds <= MOST_SECONDS ? seconds : undefined;
}

/**
 * Counts down. Give it another `key` for another wait. A screen reader reads the sentence when it appears and when the wait is
 * over, not each second.
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

/** Time left of a wait that begins now, in ms, by a clock that is independent of this machine's time of day. */
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
