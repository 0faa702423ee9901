/** Registers lists of APIs as an application does. */
import { DENIED_MESSAGE } from '@rollgate/contract';
import type { TestDatabase } from '@rollgate/testing';

interface Change {
  readonly api: string;
  readonly action: string;
}

/** An API as it is registered, with the ID and defaults for the rest. */
export const api = (id: string, definition: object = {}) => ({
  api: id,
  title: `Title of ${id}`,
  group_id: 'orders',
  group_title: 'Orders',
  level: ['user'],
  scope: 'api',
  shipped_per_minute: 60,
  shipped_per_hour: 1_800,
  message: DENIED_MESSAGE,
  ...definition,
});

export async function registerCatalogue(
  pool: TestDatabase['pool'],
  { application, apis, missingOnly = false }: { application: string; apis: unknown; missingOnly?: boolean },
): Promise<Change[]> {
  const { rows } = await pool.query<Change>(
    `SELECT api, action FROM rollgate.register_catalogue($1, $2, ROW('instance:host', 'program', NULL, NULL)::rollgate.author, $3)`,
    [application, JSON.stringify(apis), missingOnly],
  );
  return rows;
}
