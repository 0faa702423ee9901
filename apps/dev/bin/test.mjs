// npm test [-- <jest arguments>]. Ends with the line "N passed, N failed", alone, and with Jest's exit code.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectFolder, setUp } from './setup.mjs';

setUp();

const folder = mkdtempSync(join(tmpdir(), 'rollgate-counts-'));
const countsFile = join(folder, 'counts.json');
const jest = join(projectFolder, 'node_modules', 'jest', 'bin', 'jest.js');

const child = spawn(process.execPath, [jest, ...process.argv.slice(2)], {
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

/** A run that ended badly before it could count has failed, not "0 failed". */
function readCounts(exitCode) {
  try {
    const { passed, failed } = JSON.parse(readFileSync(countsFile, 'utf8'));
    return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: exitCode === 0 ? 0 : 1 };
  }
}
