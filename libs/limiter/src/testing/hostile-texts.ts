/** Hostile values for accounts and dimensions, to test that every entry point follows the same rule. */

/** Values that must be rejected before anything is counted or sent to the store. */
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

/** Pairs of spellings that must give the same subject. */
export const SAME_TEXTS: ReadonlyArray<readonly [what: string, one: string, other: string]> = [
  ['NFC and NFD', 'caf\u00e9', 'cafe\u0301'],
  ['the Ångström sign', '\u00c5', '\u212b'],
  ['Hangul in parts', '\ud55c', '\u1112\u1161\u11ab'],
];

/** Unusual but valid values. Each one must be counted separately. */
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
  // Screens and messages show these escaped: `visibleText` of @rollgate/contract.
  'b\u202e71',
  'b\u200b17',
  '\ufeffb17',
];
