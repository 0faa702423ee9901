// The lockfile must not name where packages were downloaded from: it has to work with any registry mirror.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder } from './setup.mjs';

const { packages } = JSON.parse(readFileSync(join(projectFolder, 'package-lock.json'), 'utf8'));
// Workspace links are resolved too, to a folder.
const addressed = Object.entries(packages).filter(([, entry]) => /^\w+:/.test(entry.resolved ?? ''));
if (addressed.length > 0) {
  fail(
    `package-lock.json names a download address for ${addressed[0][0]}: keep omit-lockfile-registry-resolved=true and reinstall`,
  );
}
const without = Object.entries(packages).find(
  ([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.integrity,
);
if (without !== undefined) fail(`package-lock.json has no integrity hash for ${without[0]}`);
