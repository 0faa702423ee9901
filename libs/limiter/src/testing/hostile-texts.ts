/** What callers send as an account or a dimension, to hold every door to the same rule. */

/** No subject: each is refused, before anything is counted or asked. */
export const REFUSED_TEXTS: ReadonlyArray<readonly [what: string, text: string]> = [
  ['nothing', ''],
  ['blanks', ' \t\u00a0\u3000'],
  ['NUL', 'a\0b'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00a'],
  ['surrogates the wrong way round', '\udc00\ud800'],
  ['257 bytes', 'a'.repeat(257)],
  ['129 characters of two bytes', 'é'.repeat(129)],
  ['10 kB', 'a'.repeat(10_240)],
];

/** Two spellings of one subject. */
export const SAME_TEXTS: ReadonlyArray<readonly [what: string, one: string, other: string]> = [
  ['NFC and NFD', 'caf\u00e9', 'cafe\u0301'],
  ['the Ångström sign', '\u00c5', '\u212b'],
  ['Hangul in parts', '\ud55c', '\u1112\u1161\u11ab'],
];

/** Names like any other, whatever they look like: each counts for itself alone. */
export const ODD_TEXTS: readonly string[] = [
  "'; DROP TABLE rollgate.counter; --",
  `" OR ""="`,
  '$1',
  '{a,b}',
  '\\',
  '*',
  'a/b',
  'a%2fb',
  'a,bot=c',
  '..',
  'b;x',
  '__proto__',
  'constructor',
  '=1+1',
  '\r\nSet-Cookie: a=b',
  // Shown escaped wherever people read them: `visibleText` of @rollgate/contract.
  'b\u202e71',
  'b\u200b17',
  '\ufeffb17',
];
