// The lockfile must not contain the addresses of downloads, because it must work with every registry mirror.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder } from './setup.mjs';

const { packages } = JSON.parse(readFileSync(join(projectFolder, 'package-lock.json'), 'utf8'));
// Links to workspaces have `resolved` too, but it is a folder.
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
