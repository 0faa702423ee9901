/**
 * Rejects JSON bodies that two programs on the path of a request could read differently, before any parser runs: bytes that
 * are not UTF-8, duplicate names in an object, the name `__proto__`, and nesting deeper than `MAX_JSON_DEPTH`.
 *
 * Invariant: one pass, no recursion. Text that is not JSON is not reported here, because the parser has the better message.
 */

/** Deepest JSON nesting accepted, in levels. */
const MAX_JSON_DEPTH = 32;

const TOKEN = /\s+|"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s"{}[\]:,]+/gsy;

/**
 * The reason to reject a body, as a sentence for its sender, or `undefined` when there is none. `body`: the bytes as received.
 */
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
  /** One entry for each open object (the names it has so far) or list (`undefined`). */
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
      if (name === undefined || names === undefined) return undefined; // not JSON
      if (name === '__proto__') return 'The body has the name "__proto__", which is not allowed.';
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
