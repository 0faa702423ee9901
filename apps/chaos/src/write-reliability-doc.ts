/**
 * Program: generates docs/reliability.md from results.json. With --check it writes nothing and fails if the file is out of
 * date.
 */
import { documentProgram } from '@rollgate/testing';
import { COMMAND, RESULTS_FILE } from './options.js';
import { DOCUMENT, reliabilityDocument } from './report/document.js';

documentProgram({ documentFile: DOCUMENT, resultsFile: RESULTS_FILE, command: COMMAND, textOf: reliabilityDocument });
