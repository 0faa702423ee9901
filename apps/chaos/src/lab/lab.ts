/**
 * What experiments work with: servers, databases, networks, instances, and the history of all of them.
 *
 * Invariant: `close` ends everything that was started, in the reverse order, whatever state it is in; a folder that a
 * killed run left behind is removed by the next one.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectProcess, startTcpProxy, type TcpProxy } from '@rollgate/testing';
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
    // As root, Postgres runs as another user and has to pass through.
    chmodSync(this.folder, 0o711);
  }

  /** The server of all experiments that need none of their own. */
  shared(): Promise<Server> {
    this.#shared ??= this.server();
    return this.#shared;
  }

  /** Another server. `dataFolder`: a new one by default. */
  async server(options: Partial<ServerOptions> = {}): Promise<Server> {
    const server = await Server.start({ dataFolder: this.path('data'), ...options });
    this.atEnd(() => server.stopImmediate());
    return server;
  }

  /** A name that nothing in the folder has. */
  path(name: string): string {
    return join(this.folder, `${++this.#made}-${name}`);
  }

  makeFolder(name: string): string {
    const folder = this.path(name);
    mkdirSync(folder, { mode: 0o711 });
    return folder;
  }

  async proxy(url: string): Promise<{ proxy: TcpProxy; url: string }> {
    const { hostname, port } = new URL(url);
    const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
    this.atEnd(() => proxy.close());
    const through = new URL(url);
    through.port = String(proxy.port);
    return { proxy, url: through.href };
  }

  history(file: string): History {
    return readHistory(existsSync(file) ? readFileSync(file, 'utf8') : '');
  }

  /** What is to be done when all is over. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Ends what was started since, but the shared server. */
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

/** Folders of runs that were killed: their servers ended with them, the folders could not. */
function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(FOLDER.exec(name)?.[1]);
    if (pid > 0 && inspectProcess(pid) === undefined) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
