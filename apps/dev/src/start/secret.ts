import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file with a secret of that name, e.g. the one that signs the sample platform's tokens; made once, ours alone to read. */
export async function ensureSecret(dataFolder: string, name: string): Promise<string> {
  const file = join(dataFolder, name);
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return file;
}

/** What that file holds. */
export async function readSecret(dataFolder: string, name: string): Promise<string> {
  return (await readFile(await ensureSecret(dataFolder, name), 'utf8')).trim();
}
