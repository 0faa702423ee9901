import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** CPU time of the Postgres backends of the connections that decide. */
export interface BackendCpu {
  /** Microseconds so far; `undefined` on systems other than Linux, which do not report it. */
  read(): Promise<number | undefined>;
  close(): Promise<void>;
}

const BACKENDS = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate'`;

export async function openBackendCpu(databaseUrl: string): Promise<BackendCpu> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'bench' });
  await client.connect();
  return {
    async read() {
      const { rows } = await client.query<{ pid: number }>(BACKENDS);
      try {
        const spent = await Promise.all(rows.map(({ pid }) => onCpuNanoseconds(pid)));
        return spent.reduce((sum, ns) => sum + ns, 0) / 1000;
      } catch {
        return undefined;
      }
    },
    close: () => client.end(),
  };
}

async function onCpuNanoseconds(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]);
}
