/** A TCP proxy between a program and a server that simulates a bad network: slow, silent, reset, or one byte at a time. */
import { connect as connectTo, createServer, type Socket } from 'node:net';

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

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface TcpProxy {
  readonly port: number;
  /**
   * Bytes that passed, how many of them were delayed (`slowed`) or sent one at a time (`sliced`), and bytes that were withheld (`held`);
   * connections that were opened, and that were reset.
   */
  readonly seen: {
    passed: number;
    slowed: number;
    sliced: number;
    held: number;
    connections: number;
    reset: number;
  };
  /** Changes the mode, for existing connections too. */
  set(mode: ProxyMode): void;
  /** Sends new connections to another server. */
  retarget(target: ProxyTarget): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port of 127.0.0.1, in mode `pass`. */
export async function startTcpProxy(first: ProxyTarget): Promise<TcpProxy> {
  let target = first;
  let mode: ProxyMode = { kind: 'pass' };
  const seen = { passed: 0, slowed: 0, sliced: 0, held: 0, connections: 0, reset: 0 };
  const sockets = new Set<Socket>();
  /**
   * Connections that lost data in mode `black-hole`. They pass no data afterwards either, because part of the stream is
   * missing.
   */
  const starved = new Set<Socket>();

  function pipe(from: Socket, to: Socket): void {
    let before = Promise.resolve();
    from.on('data', (data: Buffer) => {
      if (mode.kind === 'black-hole' || starved.has(from) || starved.has(to)) {
        seen.held += data.length;
        starved.add(from).add(to);
        return;
      }
      const ms = mode.kind === 'latency' ? mode.ms : 0;
      const crumbs = mode.kind === 'slices';
      before = before.then(async () => {
        if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
        if (crumbs) for (const byte of data) to.write(Uint8Array.of(byte));
        else to.write(new Uint8Array(data));
        seen.passed += data.length;
        if (ms > 0) seen.slowed += data.length;
        if (crumbs) seen.sliced += data.length;
      });
    });
    const end = () => {
      sockets.delete(from);
      starved.delete(from);
      to.destroy();
    };
    from.on('close', end).on('error', () => from.destroy());
  }

  const server = createServer((inside) => {
    if (mode.kind === 'reset') {
      seen.reset++;
      inside.resetAndDestroy();
      return;
    }
    seen.connections++;
    inside.setNoDelay(true);
    const outside = connectTo(target).setNoDelay(true);
    sockets.add(inside).add(outside);
    pipe(inside, outside);
    pipe(outside, inside);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    port: address.port,
    seen,
    set(next) {
      mode = next;
      if (next.kind !== 'reset') return;
      for (const socket of sockets) {
        seen.reset++;
        socket.resetAndDestroy();
      }
    },
    retarget(next) {
      target = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
