/**
 * What JSON leaves to each reader's choice, refused before anything is read: bytes that are no UTF-8, a name given twice
 * (two programs on a request's way could each take another value), `__proto__`, nesting without end.
 *
 * Invariant: one pass, no recursion. Text that is no JSON passes: the parser tells that better.
 */

/** Deeper is nobody's data. */
export const MAX_JSON_DEPTH = 32;

const TOKEN = /\s+|"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s"{}[\]:,]+/gsy;

/** The problem of a body as it was sent, for its sender to read, or `undefined`. */
export function jsonProblem(body: Uint8Array): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return 'The body is not UTF-8.';
  }
  return nameProblem(text);
}

function nameProblem(text: string): string | undefined {
  /** The names of each object that is open; `undefined`: a list. */
  const open: (Set<string> | undefined)[] = [];
  let newest = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : undefined) > MAX_JSON_DEPTH)
        return `The body is nested deeper than ${MAX_JSON_DEPTH} levels.`;
    } else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name = unquoted(newest);
      const names = open.at(-1);
      if (name === undefined || names === undefined) return undefined; // no JSON
      if (name === '__proto__') return 'The body has the name "__proto__", which nothing here is called.';
      if (names.has(name)) return `The body has the name ${JSON.stringify(name.slice(0, 64))} twice.`;
      names.add(name);
    } else if (token.trim() !== '') newest = token;
  }
  return undefined;
}

function unquoted(token: string): string | undefined {
  if (!token.includes('\\')) return token.startsWith('"') ? token.slice(1, -1) : undefined;
  try {
    return String(JSON.parse(token));
  } catch {
    return undefined;
  }
}
