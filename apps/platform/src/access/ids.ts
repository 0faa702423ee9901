import { MAX_DIMENSION_BYTES } from '@rollgate/contract';

/**
 * What is wrong with an account, bot or table id, or `undefined`. The bounds are the limiter's, checked here before any
 * database work: Postgres takes no NUL, and an id must count as what it is stored as.
 */
export function idProblem(id: string): string | undefined {
  if (id.trim() === '') return 'must not be blank';
  if (id.includes('\0')) return 'must not contain NUL';
  if (!id.isWellFormed()) return 'must be well-formed Unicode';
  if (Buffer.byteLength(canonicalId(id)) > MAX_DIMENSION_BYTES) return `must be at most ${MAX_DIMENSION_BYTES} bytes`;
  return undefined;
}

/** One text for all Unicode forms of an id, as the limiter counts it: the same bot can't have two owners. */
export function canonicalId(id: string): string {
  return id.normalize('NFC');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Request ids are made here, in one spelling: anything else is unknown without asking the database. */
export function isRequestId(id: string): boolean {
  return UUID.test(id);
}
