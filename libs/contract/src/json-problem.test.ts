import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonProblem } from './json-problem.js';

const problemOf = (text: string) => jsonProblem(new TextEncoder().encode(text));
const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test.each<[text: string, problem: RegExp | undefined]>([
  ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', undefined],
  ['{"a":1, "b":2, "a":3}', /"a" twice/],
  ['{"x":{"a":1,\n\t"a":1}}', /"a" twice/],
  ['{"a":1,"\\u0061":2}', /"a" twice/],
  ['{"a":"b\\"","b":"{\\"a\\":1,\\"a\\":1}"}', undefined],
  ['{"":1,"":2}', /"" twice/],
  ['{"__proto__":{}}', /__proto__/],
  ['{"a":{"\\u005f_proto__":1}}', /__proto__/],
  ['{"a":"__proto__"}', undefined],
  [nested(32), undefined],
  [nested(33), /deeper than 32/],
  [nested(10_000), /deeper than 32/],
  // Not JSON: the parser rejects it.
  ['{"a":', undefined],
  ['{"a', undefined],
  ['{a:1,a:1}', undefined],
  ['"\\x":1', undefined],
  ['', undefined],
])('the body %s gets the expected problem, or none', (text, problem) => {
  if (problem === undefined) expect(problemOf(text)).toBeUndefined();
  else expect(problemOf(text)).toMatch(problem);
});

test('a body that is not UTF-8 is rejected', () => {
  expect(jsonProblem(Uint8Array.of(0x22, 0xff, 0x22))).toBe('The body is not UTF-8.');
  expect(jsonProblem(Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22))).toBe('The body is not UTF-8.');
});

test('JSON that is not nested too deep has no problem, except for the name __proto__', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      const problem = problemOf(text);
      if (problem !== undefined)
        expect([text.includes('__proto__'), problem]).toEqual([true, expect.stringMatching(/__proto__/)]);
      else expect(text.includes('{"__proto__":')).toBe(false);
    }),
  );
});
