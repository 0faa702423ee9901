import type { Engine } from '@rollgate/contract/database-engine';
import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

interface WantedSetting {
  readonly setting: string;
  readonly isGood: (value: string, engine: Engine) => boolean;
  readonly meaning: string;
  readonly remedy: string;
  /** What each good value promises about a call that was allowed, on a server with synchronous standbys. */
  readonly promises?: Readonly<Record<string, string>>;
}

const PROMISE_WITHOUT_STANDBY = 'on the disk of this server; no synchronous standby is configured';

/** The settings of this login's session in this database, which are those that the service gets. */
export const WANTED_SETTINGS: readonly WantedSetting[] = [
  {
    setting: 'synchronous_commit',
    // With every other value, a commit of Postgres waits until it is on this server's own disk.
    isGood: (value, { durableCommits }) => durableCommits?.includes(value) ?? value !== 'off',
    meaning: 'Calls that were allowed are forgotten when Postgres stops at once.',
    remedy: 'ALTER DATABASE … RESET synchronous_commit, and the same for the role or the server that sets it',
    promises: {
      local: 'on the disk of this server only; a failover to the standby may lose the last ones',
      remote_write: "on the disk of this server, and in the memory of the synchronous standby's machine",
      on: 'on the disks of this server and of the synchronous standby',
      remote_apply: 'on the disks of this server and of the synchronous standby, where it can be read',
    },
  },
  {
    setting: 'fsync',
    isGood: (value) => value === 'on',
    meaning: 'A power cut can lose or destroy the database.',
    remedy: 'ALTER SYSTEM SET fsync = on; then restart Postgres',
  },
  {
    setting: 'full_page_writes',
    isGood: (value) => value === 'on',
    meaning: 'A power cut can destroy the database.',
    remedy: 'ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf()',
  },
];

/** What the setting says about durability on this engine. */
export async function checkSetting(
  database: Queryable,
  { wanted, engine }: { wanted: WantedSetting; engine: Engine },
): Promise<Check> {
  const { setting, isGood, meaning, remedy, promises } = wanted;
  const { rows } = await database.query<{ value: string; replicates: boolean }>(
    `SELECT current_setting($1) AS value, current_setting('synchronous_standby_names', true) <> '' AS replicates`,
    [setting],
  );
  const { value = '', replicates = false } = rows[0] ?? {};
  const found = { name: setting, detail: `${setting} = ${value}`, facts: { value } };
  if (isGood(value, engine)) {
    const promise = replicates ? promises?.[value] : PROMISE_WITHOUT_STANDBY;
    if (promises === undefined || promise === undefined || engine.durableCommits !== undefined)
      return { ...found, status: 'ok' };
    return { ...found, status: 'ok', advice: [`A call is allowed when it is ${promise}.`] };
  }
  if (engine.withoutMeaning.includes(setting))
    return { ...found, status: 'ok', detail: `${found.detail}, which is as it should be on ${engine.name}` };
  return { ...found, status: 'error', meaning, remedy: [remedy] };
}
