/**
 * A measurement in a process of its own, so that no run inherits another's heap or compiled code.
 *
 * Invariant: it ends with its parent, however that ends: its stdin closes then.
 */

const RESULT = 'result ';
const READY = 'ready';

/** The line a child prints when it waits to be let go. */
export const READY_LINE = /^ready$/;
export const GO = 'go\n';

/** `go` resolves when the parent says so: nodes of one run start together. */
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

/** What the child found, in what it printed. */
export function resultIn<Result>(stdout: string): Result | undefined {
  const line = stdout.split('\n').findLast((text) => text.startsWith(RESULT));
  return line === undefined ? undefined : (JSON.parse(line.slice(RESULT.length)) as Result);
}
