// Builds the screens of apps/admin with Vite, unless apps/admin/dist was built from the same sources.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const projectFolder = join(import.meta.dirname, '..', '..', '..');
const folder = join(projectFolder, 'apps', 'admin');
const stamp = join(folder, 'dist', '.sources');

/** Returns whether the build succeeded. Vite prints its errors to the terminal. */
export function buildAdmin() {
  const wanted = hashOfSources();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  console.log('Building the screens …');
  const vite = join(
    dirname(createRequire(join(folder, 'package.json')).resolve('vite/package.json')),
    'bin',
    'vite.js',
  );
  const done = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  if (done.status !== 0) return false;
  writeFileSync(stamp, wanted);
  return true;
}

/** The lockfile represents the installed packages. */
function hashOfSources() {
  const hash = createHash('sha256');
  const outside = [join(projectFolder, 'package-lock.json')];
  for (const file of [
    ...outside,
    ...filesBelow(join(folder, 'src')),
    ...filesBelow(join(folder, 'public')),
    ...loose(),
  ]) {
    hash
      .update(`${file.slice(projectFolder.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex');
}

function loose() {
  return ['index.html', 'package.json', 'vite.config.ts'].map((name) => join(folder, name));
}

function filesBelow(below) {
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'openapi.json')
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

if (process.argv[1] === import.meta.filename && !buildAdmin()) process.exitCode = 1;
