import type { Engine } from '@rollgate/contract/database-engine';
import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

interface WantedSetting {
  readonly setting: string;
  readonly isGood: (value: string, engine: Engine) => boolean;
  readonly meaning: string;
  readonly remedy: string;
}

/** The settings of this login's session in this database, which are those that the service gets. */
export const WANTED_SETTINGS: readonly WantedSetting[] = [
  {
    setting: 'synchronous_commit',
    // With every other value, a commit of Postgres waits until it is on this server's own disk.
    isGood: (value, { durableCommits }) => durableCommits?.includes(value) ?? value !== 'off',
    meaning: 'Calls that were allowed are forgotten when Postgres stops at once.',
    remedy: 'ALTER DATABASE … RESET synchronous_commit, and the same for the role or the server that sets it',
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
  const { setting, isGood, meaning, remedy } = wanted;
  const { rows } = await database.query<{ value: string }>('SELECT current_setting($1) AS value', [setting]);
  const value = rows[0]?.value ?? '';
  const found = { name: setting, detail: `${setting} = ${value}`, facts: { value } };
  if (isGood(value, engine)) return { ...found, status: 'ok' };
  if (engine.withoutMeaning.includes(setting))
    return { ...found, status: 'ok', detail: `${found.detail}, which is as it should be on ${engine.name}` };
  return { ...found, status: 'error', meaning, remedy: [remedy] };
}
