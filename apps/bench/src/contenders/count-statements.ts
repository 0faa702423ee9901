import pg from 'pg';

/** Counts, from now on, the statements of this process whose text matches. Exact, and at once; the server's statistics lag. */
export function countStatements(matches: (text: string) => boolean): () => number {
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const query = prototype.query;
  let count = 0;
  prototype.query = function (this: unknown, ...args: unknown[]) {
    const [asked] = args as [string | { text?: string } | undefined];
    const text = typeof asked === 'string' ? asked : asked?.text;
    if (text !== undefined && matches(text)) count++;
    return query.apply(this, args);
  };
  return () => count;
}
