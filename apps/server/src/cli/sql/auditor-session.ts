/**
 * A session with the rights of rollgate_auditor only, whichever login connects.
 *
 * Invariant: no statement of the user runs before the session has the auditor role and its limits. Settings of a role apply
 * when it signs in. Here the role is set after sign-in, so the session sets them explicitly.
 */

import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { AUDITOR_SETTINGS, connect, GROUPS, OWNER } from '@rollgate/migrations';
import pg from 'pg';

const AUDITOR = GROUPS.auditor;

/** The settings with which an auditor's own login starts. */
const SETTINGS = { ...AUDITOR_SETTINGS, application_name: 'rollgate-sql' };

export interface Rows {
  readonly columns: readonly { readonly name: string; readonly typeId: number }[];
  /** Values in Postgres's text format; `null`: NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** E.g. `SELECT`, `SET`. */
  readonly command: string;
}

/** Postgres's error about a statement, as readable lines. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };

export class AuditorSession {
  readonly #address: DatabaseAddress;
  #client: pg.Client | undefined;
  #pid = 0;

  constructor(address: DatabaseAddress) {
    this.#address = address;
  }

  /** @throws DatabaseUnavailableError; Error with one line if the login may not become the auditor */
  async open(): Promise<void> {
    const client = await connect(this.#address);
    try {
      if (this.#address.pooled) await this.#inTransaction(client, () => Promise.resolve());
      else await this.#prepare(client, 'SESSION');
    } catch (error) {
      await client.end();
      throw error;
    }
    // The server ends a transaction that stays idle, and its session too. The next statement then gets a new session.
    client.once('end', () => {
      if (this.#client === client) this.#client = undefined;
    });
    this.#client = client;
  }

  /** Runs one statement. @throws StatementError */
  async run(text: string, values?: readonly unknown[]): Promise<Rows> {
    if (this.#client === undefined) await this.open();
    const query = { text, rowMode: 'array', types: AS_TEXT, ...(values && { values: [...values] }) } as const;
    try {
      const client = this.#client as pg.Client;
      const run = () => client.query<(string | null)[]>(query);
      const { fields, rows, command } = await (this.#address.pooled ? this.#inTransaction(client, run) : run());
      const columns = fields.map(({ name, dataTypeID: typeId }) => ({ name, typeId }));
      return { columns, rows, command };
    } catch (error) {
      throw new StatementError(linesOf(error as pg.DatabaseError, text).join('\n'));
    }
  }

  /** Cancels the running statement through a separate connection. */
  async cancel(): Promise<void> {
    const client = await connect(this.#address);
    await client.query('SELECT pg_cancel_backend($1)', [this.#pid]).finally(() => client.end());
  }

  async close(): Promise<void> {
    await this.#client?.end();
  }

  async #prepare(client: pg.Client, scope: 'SESSION' | 'LOCAL'): Promise<void> {
    await becomeAuditor(client, scope);
    const settings = Object.entries(SETTINGS).map(([name, value]) => `SET ${scope} ${name} = '${value}'`);
    await client.query(settings.join('; '));
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    this.#pid = rows[0]?.pid ?? 0;
  }

  /**
   * A pooler assigns a server session for one transaction and then gives it to other programs, so no setting may remain in
   * it.
   */
  async #inTransaction<Result>(client: pg.Client, work: () => Promise<Result>): Promise<Result> {
    await client.query('BEGIN READ ONLY');
    try {
      await this.#prepare(client, 'LOCAL');
      return await work();
    } finally {
      // A lost connection has no transaction left, and the statement's own error reports it.
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }
}

interface Me {
  readonly name: string;
  readonly super: boolean;
  readonly known: boolean;
  /** Whether the login was created for an auditor: it has these rights and no others in Rollgate. */
  readonly auditor: boolean;
}

async function becomeAuditor(client: pg.Client, scope: 'SESSION' | 'LOCAL'): Promise<void> {
  const { rows } = await client.query<{ [Column in keyof Me]: Me[Column] }>(
    `SELECT current_user AS name, rolsuper AS super, EXISTS (SELECT FROM pg_roles WHERE rolname = '${AUDITOR}') AS known,
            (SELECT bool_and(pg_has_role(g.oid, 'USAGE') = (g.rolname = '${AUDITOR}')) FROM pg_roles g WHERE g.rolname = ANY ($1)) AS auditor
     FROM pg_roles WHERE rolname = current_user`,
    [[OWNER, ...Object.values(GROUPS)]],
  );
  const me = rows[0] as Me;
  if (!me.known)
    throw new Error(
      `the database has no role ${AUDITOR}: run "rollgate migrate"; where that ran with --roles none, use psql as the owner`,
    );
  if (me.name === AUDITOR || (me.auditor && !me.super)) return;
  try {
    await client.query(`SET ${scope} ${me.super ? 'SESSION AUTHORIZATION' : 'ROLE'} ${AUDITOR}`);
  } catch (error) {
    if ((error as pg.DatabaseError).code !== '42501') throw error;
    throw new Error(
      `${me.name} may not read as an auditor: connect with a login made by "rollgate login add NAME --as auditor", or have a superuser run GRANT ${AUDITOR} TO ${client.escapeIdentifier(me.name)}`,
    );
  }
}

function linesOf({ message, code, position, detail, hint }: pg.DatabaseError, sql: string): string[] {
  const before = position === undefined ? undefined : sql.slice(0, Number(position) - 1).split('\n');
  const where = before === undefined ? '' : `, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  const lines = [`${message}${code === undefined ? '' : ` (${code}${where})`}`];
  if (detail !== undefined) lines.push(detail);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  return lines;
}
