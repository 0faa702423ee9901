import { readFileSync } from 'node:fs';

// Beside src/ and dist/ alike.
const description = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Of this program, e.g. `0.1.0`. */
export const VERSION = description.version;
