import pg from 'pg';

/** Unusual but valid settings of a database that change how values are written, read or found. */
export const ODD_SETTINGS: Readonly<Record<string, string>> = {
  DateStyle: 'German, DMY',
  IntervalStyle: 'sql_standard',
  TimeZone: 'Asia/Kolkata',
  extra_float_digits: '0',
  bytea_output: 'escape',
  search_path: 'nonsense',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  default_transaction_isolation: 'serializable',
};

/** Changes the database of this connection string so that new sessions start with these settings. */
export async function oddDatabaseSettings(url: string, settings = ODD_SETTINGS): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const database = client.escapeIdentifier(decodeURIComponent(new URL(url).pathname.slice(1)));
    for (const [name, value] of Object.entries(settings))
      await client.query(`ALTER DATABASE ${database} SET ${name} = ${client.escapeLiteral(value)}`);
  } finally {
    await client.end();
  }
}
