/**
 * A measurement in its own process, so that no run inherits the heap or compiled code of another.
 *
 * Invariant: the child ends when its parent ends for any reason, because its stdin then closes.
 */

const RESULT = 'result ';
const READY = 'ready';

/** The line that a child prints when it waits for `GO`. */
export const READY_LINE = /^ready$/;
export const GO = 'go\n';

/** The measurement. Awaiting `go()` delays it until the parent sends `GO`, so the instances of one run start together. */
export type Work<Job, Result> = (job: Job, go: () => Promise<void>) => Promise<Result>;

export function childProgram<Job, Result>(work: Work<Job, Result>): void {
  let letGo = (): void => undefined;
  const told = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  process.stdin.on('data', () => letGo());
  process.stdin.on('end', () => process.exit(1));
  const go = (): Promise<void> => {
    console.log(READY);
    return told;
  };
  work(JSON.parse(process.argv[2] ?? '{}') as Job, go).then(
    (result) => {
      process.stdout.write(`${RESULT}${JSON.stringify(result)}\n`, () => process.exit(0));
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
}

/** The result in a child's output; `undefined` if it printed none. */
export function resultIn<Result>(stdout: string): Result | undefined {
  const line = stdout.split('\n').findLast((text) => text.startsWith(RESULT));
  return line === undefined ? undefined : (JSON.parse(line.slice(RESULT.length)) as Result);
}
