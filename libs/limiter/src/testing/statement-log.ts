import pg from 'pg';

export interface StatementLog {
  /** The statements of this process since logging began, oldest first. */
  readonly statements: readonly string[];
  stop(): void;
}

/** Logs every statement that this process sends to Postgres through any pool, without changing it. */
export function logStatements(): StatementLog {
  const statements: string[] = [];
  const { prototype } = pg.Client as unknown as { prototype: { query(...args: unknown[]): unknown } };
  const original = prototype.query;
  prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
    const [asked] = args as [{ text?: string; cursor?: { text?: string } } | string | undefined];
    statements.push(typeof asked === 'string' ? asked : (asked?.text ?? asked?.cursor?.text ?? '?'));
    return original.apply(this, args);
  };
  return {
    statements,
    stop() {
      prototype.query = original;
    },
  };
}
