import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { markdownTable, withGenerated } from './markdown.js';

const document = readFileSync(new URL('../../../../docs/scale.md', import.meta.url), 'utf8');

test('only the text between the markers is replaced', () => {
  const changed = withGenerated(document, 'NEW');
  expect(changed).toContain('\n\nNEW\n\n');
  expect(changed).not.toContain('## What was measured');
  expect(withGenerated(changed, 'NEW')).toBe(changed);
  for (const kept of ['## The order of steps', '## Citus']) expect(changed).toContain(kept);
});

test('a document that has lost a marker is refused', () => {
  expect(() => withGenerated(document.replaceAll(/<!--.*?-->/g, ''), 'NEW')).toThrow('docs/scale.md must contain');
});

test('the first column of a table has names, and the others have numbers', () => {
  expect(markdownTable(['', 'p50'], [['a', '1']])).toBe('|  | p50 |\n|---|--:|\n| a | 1 |');
});
