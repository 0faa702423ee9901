import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

interface WantedSetting {
  readonly setting: string;
  readonly isGood: (value: string) => boolean;
  readonly meaning: string;
  readonly remedy: string;
}

/** The settings of this login's session in this database, which are those that the service gets. */
export const WANTED_SETTINGS: readonly WantedSetting[] = [
  {
    setting: 'synchronous_commit',
    // With every other value, a commit waits until it is on this server's own disk.
    isGood: (value) => value !== 'off',
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

export async function checkSetting(
  database: Queryable,
  { setting, isGood, meaning, remedy }: WantedSetting,
): Promise<Check> {
  const { rows } = await database.query<{ value: string }>('SELECT current_setting($1) AS value', [setting]);
  const value = rows[0]?.value ?? '';
  const found = { name: setting, detail: `${setting} = ${value}`, facts: { value } };
  if (isGood(value)) return { ...found, status: 'ok' };
  return { ...found, status: 'error', meaning, remedy: [remedy] };
}
