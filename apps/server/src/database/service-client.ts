import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import type { DatabaseAddress } from './database-address.js';

/**
 * The driver's client class for every connection of the service, for the `Client` option of a pool or of TypeORM: with the
 * session settings that results depend on, and with the address as its files hold it when the connection is made.
 */
export function serviceClient({ pooled, readDatabaseUrl }: DatabaseAddress): typeof pg.Client {
  const Client = sessionClient(pg.Client, { pooled });
  if (readDatabaseUrl === undefined) return Client;
  const read = readDatabaseUrl;
  return class extends Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, ...current(read) });
    }
  };
}

/** A file that is being replaced can't be read for a moment: the address of the start is used then. */
function current(readDatabaseUrl: () => string): pg.ClientConfig {
  try {
    return { connectionString: readDatabaseUrl() };
  } catch {
    return {};
  }
}
