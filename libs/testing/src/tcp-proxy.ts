/** A network between a program and a server that can be made bad: slow, silent, cut, or in crumbs. */
import { connect as connectTo, createServer, type Socket } from 'node:net';

export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Each piece of data comes so much later, in its order. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Connections stay open, nothing gets through. */
  | { readonly kind: 'black-hole' }
  /** Connections are reset, new ones too. */
  | { readonly kind: 'reset' }
  /** Data comes a byte at a time. */
  | { readonly kind: 'slices' };

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export interface TcpProxy {
  readonly port: number;
  /** Bytes that came through, of them late or in crumbs, and that were kept; connections that were made, and that were reset. */
  readonly seen: {
    passed: number;
    slowed: number;
    sliced: number;
    held: number;
    connections: number;
    reset: number;
  };
  set(mode: ProxyMode): void;
  /** Where new connections go from now on. */
  retarget(target: ProxyTarget): void;
  close(): Promise<void>;
}

export async function startTcpProxy(first: ProxyTarget): Promise<TcpProxy> {
  let target = first;
  let mode: ProxyMode = { kind: 'pass' };
  const seen = { passed: 0, slowed: 0, sliced: 0, held: 0, connections: 0, reset: 0 };
  const sockets = new Set<Socket>();
  /** What a black hole swallowed: after it the connection is broken, as a real one's would be. */
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
  if (typeof address !== 'object' || address === null) throw new Error('the proxy listens on no port');
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
