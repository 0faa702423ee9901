/** A client of a WebSocket gateway. */
import { createRequire } from 'node:module';

export interface ClientSocket {
  ask(event: string, data: unknown): Promise<{ event: string; data: unknown }>;
  close(): void;
}

interface RawSocket {
  once(event: string, listener: (data: Buffer) => void): void;
  send(text: string): void;
  close(): void;
}

/** Node 20 has no built-in WebSocket, so this uses the client from the package of the adapter. */
export async function connect(port: number): Promise<ClientSocket> {
  const require = createRequire(import.meta.url);
  const WebSocket = createRequire(require.resolve('@nestjs/platform-ws'))('ws') as new (url: string) => RawSocket;
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const next = (event: string) => new Promise<Buffer>((resolve) => socket.once(event, resolve));
  await next('open');
  return {
    async ask(event, data) {
      const answer = next('message');
      socket.send(JSON.stringify({ event, data }));
      return JSON.parse((await answer).toString());
    },
    close: () => socket.close(),
  };
}
