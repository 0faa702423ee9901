/**
 * Program: generates docs/performance.md from results.json. With --check it writes nothing and fails if the file is out of
 * date.
 */
import { fileURLToPath } from 'node:url';
import { documentProgram } from '@rollgate/testing';
import { COMMAND, RESULTS_FILE } from './options.js';
import { performanceDocument } from './report/document.js';

documentProgram({
  documentFile: fileURLToPath(new URL('../../../docs/performance.md', import.meta.url)),
  resultsFile: RESULTS_FILE,
  command: COMMAND,
  textOf: performanceDocument,
});
