import { visibleText } from '@rollgate/contract';
import type { Lowered } from '../database/refusals.js';

/** More APIs than this that fall alike are one line. */
const MOST_NAMED = 3;

/** One sentence per line for a terminal. APIs that fall alike share a line, because a whole account has two lines per API. */
export function loweredLines(lowered: readonly Lowered[]): string[] {
  const alike = new Map<string, string[]>();
  for (const { api, text } of lowered) {
    // `rollgate.lowering` begins each sentence with the API, and `rollgate.undo_batch` with the account.
    if (!text.startsWith(api)) alike.set(text, []);
    else alike.set(text.slice(api.length), [...(alike.get(text.slice(api.length)) ?? []), api]);
  }
  return [...alike].flatMap(([what, apis]) => linesOf(what, apis)).map(visibleText);
}

function linesOf(what: string, apis: readonly string[]): string[] {
  if (apis.length === 0) return [what];
  if (apis.length <= MOST_NAMED) return apis.map((api) => `${api}${what}`);
  return [`each of ${apis.length} APIs (${apis.slice(0, MOST_NAMED).join(', ')}, …)${what}`];
}
