import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The file with the secret that signs the sample platform's tokens; made at the first start, ours alone to read. */
export async function ensureSecret(dataFolder: string): Promise<string> {
  const file = join(dataFolder, 'jwt-secret');
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return file;
}
