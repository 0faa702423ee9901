/** Program: generates a part of docs/scale.md from results.json. With --check it writes nothing and fails if the part is out of date. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { documentProgram } from '@rollgate/testing';
import { COMMAND, RESULTS_FILE } from './options.js';
import type { Results } from './report/results.js';
import { withGenerated } from './scale/markdown.js';
import { scalePart } from './scale/part.js';

const documentFile = fileURLToPath(new URL('../../../docs/scale.md', import.meta.url));

documentProgram<Results>({
  documentFile,
  resultsFile: RESULTS_FILE,
  command: COMMAND,
  textOf: (results) => withGenerated(readFileSync(documentFile, 'utf8'), scalePart(results)),
});
