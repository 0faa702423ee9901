import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

interface WantedSetting {
  readonly setting: string;
  readonly isGood: (value: string) => boolean;
  readonly remedy: string;
}

/** As a session of this user in this database has them: what the service gets. */
const WANTED: readonly WantedSetting[] = [
  {
    setting: 'default_transaction_isolation',
    isGood: (value) => value === 'read committed',
    remedy: `every decision is refused: set it to 'read committed' for this database or user`,
  },
  {
    setting: 'synchronous_commit',
    // Every other value waits until this server's own disk has the commit.
    isGood: (value) => value !== 'off',
    remedy: 'grants are lost when Postgres stops at once: set it to on',
  },
  {
    setting: 'fsync',
    isGood: (value) => value === 'on',
    remedy: 'a power cut can lose or break the database: set it to on and restart Postgres',
  },
  {
    setting: 'full_page_writes',
    isGood: (value) => value === 'on',
    remedy: 'a power cut can break the database: set it to on and reload Postgres',
  },
];

export async function checkSettings(database: Queryable): Promise<Check[]> {
  const { rows } = await database.query<{ name: string; value: string }>(
    'SELECT name, current_setting(name) AS value FROM unnest($1::text[]) AS name',
    [WANTED.map(({ setting }) => setting)],
  );
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return WANTED.map(({ setting, isGood, remedy }) => {
    const value = values.get(setting) ?? '';
    const ok = isGood(value);
    return { name: shortName(setting), ok, detail: `${setting} = ${value}`, facts: { value }, ...(!ok && { remedy }) };
  });
}

function shortName(setting: string): string {
  return setting === 'default_transaction_isolation' ? 'isolation' : setting;
}
