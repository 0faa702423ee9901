export * from './catalogue.js';
export * from './decision.js';
export * from './json-problem.js';
export * from './limit-request.js';
export { MATRIX } from './matrix.js';
export * from './problem.js';
export * from './units.js';
export * from './visible-text.js';
