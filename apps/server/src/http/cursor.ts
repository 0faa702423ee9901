/** Where a page ended, as opaque text. */
import { HttpException } from '@nestjs/common';
import { problem } from './problem.js';

export type Key = (string | number | null)[];

export function toCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** Long enough for a bigint. A forged cursor gives access to nothing more. */
const PARTS = {
  whole: (part: unknown) => /^\d{1,18}$/.test(String(part)),
  text: (part: unknown) => typeof part === 'string' && part.isWellFormed() && !part.includes('\0'),
} as const;

/** The parts of a key, each checked. @throws HttpException 400 for a cursor that the service did not issue */
export function fromCursor(cursor: string, kinds: readonly (keyof typeof PARTS)[]): Key {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.length === kinds.length && kinds.every((kind, i) => PARTS[kind](key[i]))) return key;
  } catch {
    // reported below
  }
  throw new HttpException(problem(400, 'after: is not the `next` of a page'), 400);
}

/** Queries read one row more than the page size: if it is there, there is a next page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  { limit, item, key }: { limit: number; item: (row: Row) => Item; key: (row: Row) => Key },
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > limit && last !== undefined ? toCursor(key(last)) : null };
}
