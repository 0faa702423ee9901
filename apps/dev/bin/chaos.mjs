// npm run chaos [-- <arguments>]. Sets up as npm test does, then hands over to the chaos program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder, setUp } from './setup.mjs';

setUp();

const program = join(projectFolder, 'apps', 'chaos', 'dist', 'main.js');
if (!existsSync(program)) fail('apps/chaos is not built: run "npm run build"');

const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { cwd: projectFolder, stdio: 'inherit' });
// A signal to this script alone has to reach the program, which stops what it started.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
