// npm run bench [-- <arguments>]. Sets up as npm test does, then hands over to the bench.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder, setUp } from './setup.mjs';

setUp();

const program = join(projectFolder, 'apps', 'bench', 'dist', 'main.js');
if (!existsSync(program)) fail('apps/bench is not built: run "npm run build"');
// Its peers are devDependencies: an install that left them out can't run it.
if (!existsSync(join(projectFolder, 'node_modules', 'rate-limiter-flexible')))
  fail('the packages to compare with are not installed: run "npm ci --include=dev"');

const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { cwd: projectFolder, stdio: 'inherit' });
// A signal to this script alone has to reach the bench, which stops what it started.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
