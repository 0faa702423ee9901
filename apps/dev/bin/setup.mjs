// What npm start and npm test do first. Plain Node without dependencies: on a fresh clone there is nothing else yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAdmin } from './admin-build.mjs';

export const projectFolder = join(import.meta.dirname, '..', '..', '..');

const lockfile = join(projectFolder, 'package-lock.json');
const stamp = join(projectFolder, 'node_modules', '.rollgate-lock');
// npm writes it as its last step, so an interrupted install has none.
const npmsOwnLockfile = join(projectFolder, 'node_modules', '.package-lock.json');

/** Installs what the lockfile names and builds what is stale; ends the process with one line when that fails. */
export function setUp() {
  checkNode();
  install();
  build();
}

/** For tests that import sources only: what the test server itself is compiled from, and nothing else. */
export function setUpTestServer() {
  checkNode();
  install();
  runTsc('libs/testing');
}

/** One clear line, no stack. */
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

/** Installed by hand, after the lockfile last changed. */
function isInstalled() {
  return existsSync(npmsOwnLockfile) && statSync(npmsOwnLockfile).mtimeMs >= statSync(lockfile).mtimeMs;
}

function build() {
  console.log('Building what is stale …');
  runTsc();
  if (!buildAdmin()) fail('the screens could not be built: see above');
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
