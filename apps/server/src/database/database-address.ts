/** Which database a program uses, and how it gets there. */
export interface DatabaseAddress {
  readonly databaseUrl: string;
  /** `true`: a pooler that keeps no session for a client is in between (PgBouncer's transaction mode). */
  readonly pooled?: boolean | undefined;
}
