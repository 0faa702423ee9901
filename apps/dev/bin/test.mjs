// npm test [-- <jest arguments>]: first builds what is out of date. npm run test:only does not, for tests that import only
// sources. npm run test:debug waits for a debugger on port 9229. The last line is "N passed, N failed", and the exit code is
// Jest's.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder, setUp, setUpTestServer } from './setup.mjs';

const OWN = ['--only', '--debug'];
const args = process.argv.slice(2);
const debug = args.includes('--debug');
if (args.includes('--only')) setUpTestServer();
else setUp();

const folder = mkdtempSync(join(tmpdir(), 'rollgate-counts-'));
const countsFile = join(folder, 'counts.json');
const jest = join(projectFolder, 'node_modules', 'jest', 'bin', 'jest.js');

const child = spawn(process.execPath, jestArguments(), {
  cwd: projectFolder,
  stdio: 'inherit',
  env: {
    ...process.env,
    NODE_ENV: 'test',
    ROLLGATE_TEST_COUNTS: countsFile,
    // NestJS 12 and our own packages are ES modules, which Jest loads through the vm module API.
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
  },
});
// The terminal also sends Ctrl-C to Jest, which then ends. Wait for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));

child.once('close', (code, signal) => {
  const exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  const { passed, failed } = readCounts(exitCode);
  rmSync(folder, { recursive: true, force: true });
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exit(exitCode);
});

function jestArguments() {
  const passed = args.filter((arg) => !OWN.includes(arg));
  return debug ? ['--inspect-brk', jest, '--runInBand', '--testTimeout=3600000', ...passed] : [jest, ...passed];
}

/** A run that failed before it wrote its counts must not be reported as "0 failed". */
function readCounts(exitCode) {
  try {
    const { passed, failed } = JSON.parse(readFileSync(countsFile, 'utf8'));
    return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: exitCode === 0 ? 0 : 1 };
  }
}
