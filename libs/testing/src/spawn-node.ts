import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SpawnNodeOptions {
  /** Path of a compiled program. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Added to the environment of this process; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** `spawnNode` resolves when a line of stdout matches. Default: immediately after the start. */
  readonly readyLine?: RegExp;
  /** How long to wait for a line. Default: 90,000 ms. */
  readonly timeoutMs?: number;
}

export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface NodeProcess {
  readonly pid: number;
  /** Resolves when the program has ended and all of its output has been read. */
  readonly exited: Promise<NodeExit>;
  stdout(): string;
  stderr(): string;
  /** The first line of stdout that matches, already printed or not; rejects if the program ends first or the time runs out. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Writes to the program's stdin. */
  send(text: string): void;
  kill(signal: NodeJS.Signals): void;
  /** Sends SIGTERM, and SIGKILL after 10 s. */
  stop(): Promise<NodeExit>;
}

const running = new Set<NodeProcess>();
let sweeping = false;

/** Runs a compiled program in its own Node.js process, for tests that need several instances. */
export async function spawnNode(options: SpawnNodeOptions): Promise<NodeProcess> {
  const { script, args = [], env = {}, cwd, readyLine, timeoutMs = 90_000 } = options;
  // With the NODE_OPTIONS of Jest every child would print warnings on stderr.
  const inherited = { ...process.env, NODE_OPTIONS: '', ...env };
  const child = spawn(process.execPath, [script, ...args], { cwd, env: inherited, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // Writing to a program that has ended fails. `exited` reports the end, so this error is ignored.
  child.stdin.on('error', () => undefined);
  let ended = false;
  const exited = new Promise<NodeExit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const waitForLine = async (pattern: RegExp, withinMs = timeoutMs): Promise<string> => {
    for (const deadline = Date.now() + withinMs; ; await sleep(10)) {
      const found = stdout.split('\n').find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (ended) throw new Error(`${script} ended before it printed ${pattern}\n${stdout}${stderr}`);
      if (Date.now() > deadline)
        throw new Error(`${script} did not print ${pattern} within ${withinMs} ms\n${stdout}${stderr}`);
    }
  };
  const program: NodeProcess = {
    pid: child.pid ?? 0,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    waitForLine,
    send: (text) => void child.stdin.write(text),
    kill: (signal) => void child.kill(signal),
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      const exit = await exited;
      clearTimeout(late);
      return exit;
    },
  };
  keepTrack(program);
  const forget = () => {
    ended = true;
    running.delete(program);
  };
  exited.then(forget, forget);
  if (readyLine !== undefined) await waitForLine(readyLine);
  return program;
}

/** Kills children that are still running when this process exits, e.g. because a test failed before it stopped them. */
function keepTrack(program: NodeProcess): void {
  running.add(program);
  if (sweeping) return;
  sweeping = true;
  process.once('exit', () => {
    for (const left of running) left.kill('SIGKILL');
  });
}
