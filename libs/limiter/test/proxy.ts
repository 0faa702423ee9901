/** A proxy between a pool and its database that can make the database or its answers unavailable. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface DatabaseProxy {
  /** The database's URL through the proxy. */
  readonly url: string;
  /**
   * `open` forwards everything; `away` drops connections; `mute` forwards statements and drops the connection instead
   * of the answer.
   */
  set(mode: 'open' | 'away' | 'mute'): void;
  close(): Promise<void>;
}

export async function startProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let mode: 'open' | 'away' | 'mute' = 'open';
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    for (const socket of [client, database]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    const end = () => {
      client.destroy();
      database.end();
      for (const socket of [client, database]) sockets.delete(socket);
    };
    client.on('close', end);
    database.on('close', end);
    client.pipe(database);
    // As text with one byte per character: nothing is lost, and different kinds of Buffer need no distinction.
    database.setEncoding('latin1');
    database.on('data', (data: string) => (mode === 'mute' ? end() : client.write(data, 'latin1')));
    if (mode === 'away') end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    set(next) {
      mode = next;
      if (next === 'away') for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
