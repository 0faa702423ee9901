import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The path of a secret, e.g. the one that signs the sample platform's tokens. Creates it once; only this user can read it. */
export async function ensureSecret(dataFolder: string, name: string): Promise<string> {
  const file = join(dataFolder, name);
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return file;
}

/** The content of that file. */
export async function readSecret(dataFolder: string, name: string): Promise<string> {
  return (await readFile(await ensureSecret(dataFolder, name), 'utf8')).trim();
}
