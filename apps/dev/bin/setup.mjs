// The first steps of npm start and npm test. They need no packages, because a fresh clone has none.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAdmin } from './admin-build.mjs';

export const projectFolder = join(import.meta.dirname, '..', '..', '..');

const lockfile = join(projectFolder, 'package-lock.json');
const stamp = join(projectFolder, 'node_modules', '.rollgate-lock');
// npm writes this file last, so it is missing after an interrupted installation.
const npmsOwnLockfile = join(projectFolder, 'node_modules', '.package-lock.json');

/** Installs the packages of the lockfile and builds what is out of date. Ends the process with one line if that fails. */
export function setUp() {
  checkNode();
  install();
  build();
}

/** For tests that import only sources: builds nothing but the test server. */
export function setUpTestServer() {
  checkNode();
  install();
  runTsc('libs/testing');
}

/** Ends the process with one line and without a stack trace. */
export function fail(message) {
  console.error(`rollgate: ${message}`);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node 20.19 or newer is needed, this is ${process.versions.node}`);
}

function install() {
  const wanted = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!isInstalled()) {
    console.log('Installing packages …');
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund'], 'npm ci failed: see above');
  }
  writeFileSync(stamp, wanted);
}

/** Whether the packages were installed by hand after the last change of the lockfile. */
function isInstalled() {
  return existsSync(npmsOwnLockfile) && statSync(npmsOwnLockfile).mtimeMs >= statSync(lockfile).mtimeMs;
}

function build() {
  console.log('Building what is out of date …');
  runTsc();
  if (!buildAdmin()) fail('the build of the screens failed: see above');
}

function runTsc(...projects) {
  const tsc = join(projectFolder, 'node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [tsc, '-b', ...projects], 'the build failed: see above');
}

function run(program, args, complaint) {
  const onWindows = process.platform === 'win32';
  const done = spawnSync(program, args, {
    cwd: projectFolder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: onWindows && program === 'npm',
  });
  if (done.signal === 'SIGINT') process.exit(130);
  if (done.status !== 0)
    fail(done.error === undefined ? complaint : `${program} could not be started: ${done.error.message}`);
}
