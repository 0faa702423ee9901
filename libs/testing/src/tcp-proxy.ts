/** A TCP proxy between a program and a server that simulates a bad network: slow, silent, reset, or one byte at a time. */
import { connect as connectTo, createServer, type Server, type Socket } from 'node:net';

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Each piece of data is delayed by `ms` milliseconds; the order is kept. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Connections stay open, but no data passes. */
  | { readonly kind: 'black-hole' }
  /** Existing and new connections are reset. */
  | { readonly kind: 'reset' }
  /** Data passes one byte at a time. */
  | { readonly kind: 'slices' };

interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** A proxy on a port of 127.0.0.1. */
export class TcpProxy {
  /**
   * Bytes that passed, how many of them were delayed (`slowed`) or sent one at a time (`sliced`), and bytes that were withheld (`held`);
   * connections that were opened, and that were reset.
   */
  readonly seen = { passed: 0, slowed: 0, sliced: 0, held: 0, connections: 0, reset: 0 };
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /**
   * Connections that lost data in mode `black-hole`. They pass no data afterward either, because part of the stream is
   * missing.
   */
  readonly #starved = new Set<Socket>();
  #target: ProxyTarget;
  #mode: ProxyMode = { kind: 'pass' };

  private constructor(target: ProxyTarget) {
    this.#target = target;
    this.#server = createServer((inside) => this.#accept(inside));
  }

  /** Starts a proxy on a free port, in mode `pass`. `url`: that of the server, e.g. a connection string. */
  static async start(url: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetOf(url));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
    return address.port;
  }

  /** Returns this URL with the proxy's port. */
  through(url: string): string {
    return Object.assign(new URL(url), { port: String(this.port) }).href;
  }

  /** Changes the mode, for existing connections too. */
  set(mode: ProxyMode): void {
    this.#mode = mode;
    if (mode.kind !== 'reset') return;
    for (const socket of this.#sockets) {
      this.seen.reset++;
      socket.resetAndDestroy();
    }
  }

  /** Sends new connections to the server of another URL. */
  retarget(url: string): void {
    this.#target = targetOf(url);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(inside: Socket): void {
    if (this.#mode.kind === 'reset') {
      this.seen.reset++;
      inside.resetAndDestroy();
      return;
    }
    this.seen.connections++;
    inside.setNoDelay(true);
    const outside = connectTo(this.#target).setNoDelay(true);
    this.#sockets.add(inside).add(outside);
    this.#pipe(inside, outside);
    this.#pipe(outside, inside);
  }

  #pipe(from: Socket, to: Socket): void {
    let before = Promise.resolve();
    from.on('data', (data: Buffer) => {
      const mode = this.#mode;
      if (mode.kind === 'black-hole' || this.#starved.has(from) || this.#starved.has(to)) {
        this.seen.held += data.length;
        this.#starved.add(from).add(to);
        return;
      }
      before = before.then(() => this.#pass(data, { to, mode }));
    });
    const end = () => {
      this.#sockets.delete(from);
      this.#starved.delete(from);
      to.destroy();
    };
    from.on('close', end).on('error', () => from.destroy());
  }

  async #pass(data: Buffer, { to, mode }: { to: Socket; mode: ProxyMode }): Promise<void> {
    if (mode.kind === 'latency') {
      await new Promise((resolve) => setTimeout(resolve, mode.ms));
      this.seen.slowed += data.length;
    }
    if (mode.kind === 'slices') {
      for (const byte of data) to.write(Uint8Array.of(byte));
      this.seen.sliced += data.length;
    } else to.write(new Uint8Array(data));
    this.seen.passed += data.length;
  }
}

function targetOf(url: string): ProxyTarget {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
