/** The code of the README compiles as it is printed, and its tables list every option with its default. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import ts from 'typescript';
import { createClient } from '../src/index.js';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...README.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => String(code));

test('the code blocks compile', () => {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  const codes = new Map(blocks.map((code, index) => [`${FOLDER}readme-${index}.ts`, code]));
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (file) => codes.get(file) ?? readFile(file);
  host.fileExists = (file) => codes.has(file) || fileExists(file);
  host.getSourceFile = (file, language) => {
    const code = codes.get(file);
    return code === undefined ? getSourceFile(file, language) : ts.createSourceFile(file, code, language);
  };
  const diagnostics = ts.getPreEmitDiagnostics(ts.createProgram([...codes.keys()], options, host));
  expect(blocks.length).toBeGreaterThan(4);
  expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});

test('the table of options has each option of a client, with its default', () => {
  const table = new Map(
    [...README.matchAll(/^\| `(\w+)`(?:, `(\w+)`)? \| ([^|]+) \|/gm)].map(([, name, , value]) => [name, value]),
  );
  for (const [name, value] of Object.entries(createClient().options)) {
    if (name === 'random') continue;
    expect([name, table.has(name)]).toEqual([name, true]);
    const isPlain = Number.isFinite(value) || typeof value === 'boolean' || name === 'pace';
    const printed = typeof value === 'number' ? value.toLocaleString('en-US') : `\`${String(value)}\``;
    if (isPlain) expect([name, table.get(name)]).toEqual([name, printed]);
  }
});
