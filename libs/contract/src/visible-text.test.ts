import { expect, test } from '@jest/globals';
import { visibleText } from './visible-text.js';

test.each([
  ['acme', 'acme'],
  ['b\u202e17', 'b\\u{202e}17'],
  ['zero\u200bwidth\ufeff', 'zero\\u{200b}width\\u{feff}'],
  ['\u001b[31mred', '\\u{1b}[31mred'],
  ['one\ntwo', 'one\\u{a}two'],
  ['\u{e0041}', '\\u{e0041}'],
  ['☃ 👨‍👩‍👧 می‌خواهم é', '☃ 👨‍👩‍👧 می‌خواهم é'],
])('%j is shown as %j', (text, visible) => {
  expect(visibleText(text)).toBe(visible);
});
