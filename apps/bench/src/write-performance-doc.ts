/**
 * Program: generates docs/performance.md from results.json. With --check it writes nothing and fails if the file is out of
 * date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RESULTS_FILE } from './options.js';
import { performanceDocument } from './report/document.js';
import type { Results } from './report/results.js';

const DOCUMENT = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));

const [flag, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (flag !== undefined && flag !== '--check')) {
  console.error('usage: node apps/bench/dist/write-performance-doc.js [--check]');
  process.exit(2);
}
const results = readIfThere(RESULTS_FILE);
if (results === undefined) {
  console.error('rollgate: apps/bench/results.json is missing: run "npm run bench"');
  process.exit(1);
}
const wanted = performanceDocument(JSON.parse(results) as Results);
if (flag === undefined) writeFileSync(DOCUMENT, wanted);
else if (readIfThere(DOCUMENT) !== wanted) {
  console.error('rollgate: docs/performance.md is out of date: run "node apps/bench/dist/write-performance-doc.js"');
  process.exit(1);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
