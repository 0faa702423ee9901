/** Which database a program uses, and how it connects. */
export interface DatabaseAddress {
  readonly databaseUrl: string;
  /** Reads `databaseUrl` again where it came from files, so that a new connection uses a rotated password. */
  readonly readDatabaseUrl?: (() => string) | undefined;
  /** `true`: the connection goes through a pooler that keeps no session for a client (PgBouncer's transaction mode). */
  readonly pooled?: boolean | undefined;
}
