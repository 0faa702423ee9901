/** Child: makes fixed numbers of allowed calls and measures the log they write. Nothing else may use the server meanwhile. */
import pg from 'pg';
import type { Contender, ContenderOptions } from '../contenders/contender.js';
import { type ContenderName, createContender } from '../contenders/registry.js';
import { createTraffic, type Traffic } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface FixedWorkJob {
  readonly contender: ContenderName;
  readonly options: Omit<ContenderOptions, 'clock'>;
  /** Allowed calls before the measurement: the first change of a page after a checkpoint logs the whole page. */
  readonly warmUpGrants: number;
  readonly busyGrants: number;
  readonly busyCallers: number;
  readonly aloneGrants: number;
}

/** Bytes of log per allowed call, with many callers (`busy`) and with one (`alone`). */
export interface FixedWorkResult {
  readonly busy: number;
  readonly alone: number;
}

const LOG_BYTES = `SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 AS bytes`;

childProgram<FixedWorkJob, FixedWorkResult>(async (job) => {
  const client = new pg.Client({ connectionString: job.options.databaseUrl, application_name: 'bench' });
  await client.connect();
  const logBytes = async () => (await client.query<{ bytes: number }>(LOG_BYTES)).rows[0]?.bytes ?? 0;
  const contender = await createContender(job.contender, job.options);
  await contender.open();
  const traffic = createTraffic({ distribution: 'uniform' });
  const weigh = async (grants: number, callers: number): Promise<number> => {
    const before = await logBytes();
    await grant({ contender, traffic, grants, callers });
    return ((await logBytes()) - before) / grants;
  };
  await client.query('CHECKPOINT');
  await weigh(job.warmUpGrants, job.busyCallers);
  const busy = await weigh(job.busyGrants, job.busyCallers);
  const alone = await weigh(job.aloneGrants, 1);
  await contender.close();
  await client.end();
  return { busy, alone };
});

interface Grants {
  readonly contender: Contender;
  readonly traffic: Traffic;
  readonly grants: number;
  readonly callers: number;
}

async function grant({ contender, traffic, grants, callers }: Grants): Promise<void> {
  let left = grants;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const rank = traffic.next();
      await contender.decide(traffic.accounts[rank] as string, traffic.subjects[rank] as string);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}
