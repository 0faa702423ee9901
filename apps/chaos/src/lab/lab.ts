/**
 * The resources of experiments: servers, proxies, folders and histories.
 *
 * Invariant: `close` ends everything that was started, in reverse order, whatever its state. A folder that a killed run left
 * behind is removed by the next run.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectProcess, TcpProxy } from '@rollgate/testing';
import { type History, readHistory } from '../history/record.js';
import { Server, type ServerOptions } from './server.js';

const FOLDER = /^rollgate-chaos-(\d+)-/;

export class Lab {
  readonly folder: string;
  readonly progress: (line: string) => void;
  readonly #ends: (() => unknown)[] = [];
  #shared: Promise<Server> | undefined;
  #made = 0;
  #closed: Promise<void> | undefined;

  constructor(progress: (line: string) => void = () => undefined) {
    removeAbandoned();
    this.progress = progress;
    this.folder = mkdtempSync(join(tmpdir(), `rollgate-chaos-${process.pid}-`));
    // As root, Postgres runs as another user, who must be able to enter the folder.
    chmodSync(this.folder, 0o711);
  }

  /** The server of all experiments that do not need their own. */
  shared(): Promise<Server> {
    this.#shared ??= this.server();
    return this.#shared;
  }

  /** Starts another server. Default of `dataFolder`: a new folder. */
  async server(options: Partial<ServerOptions> = {}): Promise<Server> {
    const server = await Server.start({ dataFolder: this.path('data'), ...options });
    this.atEnd(() => server.stopImmediate());
    return server;
  }

  /** A path in the folder that is not in use. */
  path(name: string): string {
    return join(this.folder, `${++this.#made}-${name}`);
  }

  makeFolder(name: string): string {
    const folder = this.path(name);
    mkdirSync(folder, { mode: 0o711 });
    return folder;
  }

  /** Starts a proxy before the server of this URL. */
  async proxy(url: string): Promise<TcpProxy> {
    const proxy = await TcpProxy.start(url);
    this.atEnd(() => proxy.close());
    return proxy;
  }

  history(file: string): History {
    return readHistory(existsSync(file) ? readFileSync(file, 'utf8') : '');
  }

  /** Registers what to do at the end. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Ends everything that was started since `mark`. */
  async endSince(mark: number): Promise<void> {
    for (const end of this.#ends.splice(mark).reverse())
      await Promise.resolve()
        .then(end)
        .catch((error: unknown) => this.progress(`  at the end: ${(error as Error).message}`));
  }

  get mark(): number {
    return this.#ends.length;
  }

  close(): Promise<void> {
    this.#closed ??= this.endSince(0).then(() => rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 }));
    return this.#closed;
  }
}

/** Removes the folders of runs that were killed. Their servers have ended with them. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(FOLDER.exec(name)?.[1]);
    if (pid > 0 && inspectProcess(pid) === undefined) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
