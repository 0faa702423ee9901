/** Program: writes docs/reliability.md from results.json; with --check it only tells whether that would change it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { RESULTS_FILE } from './options.js';
import { DOCUMENT, reliabilityDocument } from './report/document.js';
import type { Results } from './report/results.js';

const [flag, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (flag !== undefined && flag !== '--check')) {
  console.error('usage: node apps/chaos/dist/write-reliability-doc.js [--check]');
  process.exit(2);
}
const results = readIfThere(RESULTS_FILE);
if (results === undefined) {
  console.error('rollgate: apps/chaos/results.json is missing: run "npm run chaos"');
  process.exit(1);
}
const wanted = reliabilityDocument(JSON.parse(results) as Results);
if (flag === undefined) writeFileSync(DOCUMENT, wanted);
else if (readIfThere(DOCUMENT) !== wanted) {
  console.error('rollgate: docs/reliability.md is stale: run "node apps/chaos/dist/write-reliability-doc.js"');
  process.exit(1);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
