/** Which database a program uses, and how it connects. */
export interface DatabaseAddress {
  readonly databaseUrl: string;
  /** `true`: the connection goes through a pooler that keeps no session for a client (PgBouncer's transaction mode). */
  readonly pooled?: boolean | undefined;
}
