/** The checks of wording and lengths that are part of `npm run lint`. */
import { describe, expect, test } from '@jest/globals';
import { checkSqlLines, checkTestFunctions } from '../bin/style/check-lengths.mjs';
import { checkPhrases } from '../bin/style/check-phrases.mjs';

describe('phrases', () => {
  test.each<[what: string, path: string, text: string, found: readonly string[]]>([
    ['a comment', 'a.ts', `const a = 1;\n// nobody reads it\n`, ['2: avoid "nobody"']],
    ['a comment of several lines', 'a.ts', `// Is kept for\n// good.\n`, ['1: avoid "for good"']],
    ['the first words of a docstring', 'a.ts', `\n/** Of the limit. */\nexport const b = 1;\n`, ['2: avoid "Of the"']],
    ['a docstring of several lines', 'a.tsx', `/**\n * A limit.\n * Of which some\n */\n`, ['3: avoid "Of which"']],
    ['a message', 'a.ts', `throw new Error('it was told so');\n`, ['1: avoid "told"']],
    ['the parts of a template', 'a.ts', `const c = \`\${d} was asked twice\`;\n`, ['1: avoid "asked"']],
    ['text on a screen', 'a.tsx', `const e = <p>\n  What was asked\n</p>;\n`, ['2: avoid "asked"']],
    [
      'a comment and a message of SQL',
      'a.sql',
      `-- one\n-- node\nSELECT 'a node is';\n`,
      ['2: avoid "node"', '3: avoid "node"'],
    ],
    ['a document', 'a.md', `# Title\n\nText that nobody reads.\n`, ['3: avoid "nobody"']],
    ['a result', 'a.json', `{\n  "what": "one node fails"\n}\n`, ['2: avoid "node"']],
  ])('are found in %s', (_, path, text, found) => {
    const messages = checkPhrases(path, text);
    expect(messages.map((message) => message.replace(/; write: .+$/, ''))).toEqual(
      found.map((one) => `${path}:${one}`),
    );
  });

  test.each<[what: string, path: string, text: string]>([
    ['identifiers', 'a.ts', `const told = nobody.asked;\n`],
    ['texts of one word', 'a.ts', `const a = ['node', "told"];\n`],
    ['names in SQL', 'a.sql', `SELECT asked_at FROM rollgate.ceiling;\n`],
    ['the runtime', 'a.md', `Node node:fs and node bin/a.mjs and node -v\n`],
    ['code in a document', 'a.md', `\`told\`\n\n\`\`\`ts\n// nobody\n\`\`\`\n`],
  ])('are not found in %s', (_, path, text) => {
    expect(checkPhrases(path, text)).toEqual([]);
  });
});

describe('lengths', () => {
  const lines = (count: number) => 'a();\n'.repeat(count);

  test('a test may have 50 lines, and a group of tests any number', () => {
    expect(checkTestFunctions('a.test.ts', `test('a', () => {\n${lines(50)}});\n`)).toEqual([]);
    expect(checkTestFunctions('a.test.ts', `describe.each([1])('a', () => {\n${lines(51)}});\n`)).toEqual([]);
    expect(checkTestFunctions('a.test.ts', `describe('a', () => {\ntest('b', () => {\n${lines(51)}});\n});\n`)).toEqual(
      ['a.test.ts:2: a function of 51 lines; at most 50'],
    );
  });

  test('a line of SQL may have 140 columns', () => {
    const sql = `${'a'.repeat(140)}\n${'b'.repeat(141)}\n`;
    expect(checkSqlLines('a.sql', sql)).toEqual(['a.sql:2: a line of 141 columns; at most 140']);
  });
});
