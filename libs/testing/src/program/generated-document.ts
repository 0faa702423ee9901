/** Documents that a program generates from the results of a run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../../../../', import.meta.url));

export interface GeneratedDocument<Results> {
  readonly documentFile: string;
  /** A JSON file. */
  readonly resultsFile: string;
  /** The command that writes the results, e.g. `npm run bench`. */
  readonly command: string;
  readonly textOf: (results: Results) => string;
}

/**
 * The whole of a program that writes a document. With `--check` it writes nothing and fails if the document is out of date.
 * Exits the process when something is wrong.
 */
export function documentProgram<Results>({
  documentFile,
  resultsFile,
  command,
  textOf,
}: GeneratedDocument<Results>): void {
  const [program = '', flag, ...rest] = process.argv.slice(1);
  const self = `node ${relative(PROJECT, program)}`;
  if (rest.length > 0 || (flag !== undefined && flag !== '--check')) fail(`usage: ${self} [--check]`, 2);
  const results = readIfPresent(resultsFile);
  if (results === undefined) fail(`rollgate: ${relative(PROJECT, resultsFile)} is missing: run "${command}"`, 1);
  const wanted = textOf(JSON.parse(results) as Results);
  if (flag === undefined) writeFileSync(documentFile, wanted);
  else if (readIfPresent(documentFile) !== wanted)
    fail(`rollgate: ${relative(PROJECT, documentFile)} is out of date: run "${self}"`, 1);
}

/** The text of a document: a note that it is generated, and its parts with blank lines between them. */
export function documentText({ from, by, parts }: { from: string; by: string; parts: readonly string[] }): string {
  return `${[`<!-- Generated from ${from} by ${by}. Do not edit. -->`, ...parts].join('\n\n')}\n`;
}

/** Settings as Markdown, e.g. `fsync=on`, separated by commas. */
export function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `\`${name}=${value}\``)
    .join(', ');
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
