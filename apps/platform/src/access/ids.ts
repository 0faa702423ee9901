import { MAX_DIMENSION_BYTES } from '@rollgate/contract';

/**
 * The problem of an account, bot or table ID, or `undefined`. The rules are those of the limiter, but are checked before any
 * database work: Postgres does not accept NUL, and the counted ID must equal the stored one.
 */
export function idProblem(id: string): string | undefined {
  if (id.trim() === '') return 'must not be blank';
  if (id.includes('\0')) return 'must not contain NUL';
  if (!id.isWellFormed()) return 'must be well-formed Unicode';
  if (Buffer.byteLength(canonicalId(id)) > MAX_DIMENSION_BYTES) return `must be at most ${MAX_DIMENSION_BYTES} bytes`;
  return undefined;
}

/** Normalizes an ID as the limiter does, so that two Unicode forms of an ID can't have two owners. */
export function canonicalId(id: string): string {
  return id.normalize('NFC');
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The platform creates request IDs in one form. Any other text is unknown, without a query. */
export function isRequestId(id: string): boolean {
  return UUID.test(id);
}
