// npm test [-- <jest arguments>]: builds what is stale first. npm run test:only does not, for tests that import sources only;
// test:debug waits for a debugger on port 9229. Ends with the line "N passed, N failed", alone, and with Jest's exit code.
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
// The terminal sends Ctrl-C to Jest as well, and Jest ends itself; we only wait for it.
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

/** A run that ended badly before it could count has failed, not "0 failed". */
function readCounts(exitCode) {
  try {
    const { passed, failed } = JSON.parse(readFileSync(countsFile, 'utf8'));
    return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: exitCode === 0 ? 0 : 1 };
  }
}
