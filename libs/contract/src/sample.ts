/**
 * The catalogue of the sample platform. Only the sample, its demo, measurements, tests and `rollgate catalogue load` use
 * it; everything else reads the catalogue from the database.
 */
import { Catalogue } from './catalogue.js';
import { MATRIX } from './sample-matrix.js';

export const sampleCatalogue = new Catalogue(MATRIX);

/** The application that registers the sample catalogue. */
export const SAMPLE_APPLICATION = 'sample-platform';
