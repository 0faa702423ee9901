/** The name under which a program registers its APIs, where it gives none. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FALLBACK = 'application';
const MOST_CHARACTERS = 64;
/** `rollgate.refuse_bad_catalogue` has the same rule. `file:` is for catalogue files, which no program registers. */
const VALID = /^[A-Za-z0-9@/_.-]{1,64}$/;

/** @throws RangeError when the name has a character that is not allowed, or more than 64 characters */
export function checkApplicationName(name: string): string {
  if (VALID.test(name)) return name;
  throw new RangeError(
    `application: "${name}" is not 1 to ${MOST_CHARACTERS} letters, digits and the characters @ / _ . -`,
  );
}

/**
 * The `name` in the package.json that is nearest to the program's main script, or nearest to the working directory if the script is an
 * installed tool that runs the program. `application` if there is none.
 */
export function defaultApplicationName(mainScript = process.argv[1]): string {
  const isTool = mainScript === undefined || /[\\/]node_modules[\\/]/.test(mainScript);
  let folder = isTool ? process.cwd() : dirname(mainScript);
  for (;;) {
    const name = packageName(join(folder, 'package.json'));
    if (name !== undefined) return name.replace(/[^A-Za-z0-9@/_.-]/g, '-').slice(0, MOST_CHARACTERS) || FALLBACK;
    const parent = dirname(folder);
    if (parent === folder) return FALLBACK;
    folder = parent;
  }
}

/** Build tools write package.json files without a name, e.g. `{ "type": "module" }`, which are passed over. */
function packageName(file: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}
