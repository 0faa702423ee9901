import { Catalogue } from './catalogue.js';
import { MATRIX } from './matrix.js';

/** The catalogue of the sample platform. */
export const builtInCatalogue = new Catalogue(MATRIX);
