import { readFileSync } from 'node:fs';

// package.json is beside both src/ and dist/.
const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Version of this program, e.g. `0.1.0`. */
export const VERSION = description.version;
