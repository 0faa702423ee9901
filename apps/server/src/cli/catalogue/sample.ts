/** The only file of the service and its command line that knows the sample catalogue. */
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import type { CatalogueFile } from './catalogue-file.js';

/** Catalogues that `rollgate catalogue load` knows by name. */
export const SAMPLES: ReadonlyMap<string, CatalogueFile> = new Map([
  ['matrix', { application: SAMPLE_APPLICATION, catalogue: sampleCatalogue }],
]);
