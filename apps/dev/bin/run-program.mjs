// Runs a program that is started by hand, such as the benchmark.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder } from './setup.mjs';

/** `app`: the folder of the program in apps; `name`: its file. Passes on arguments, signals and the exit code. */
export function runProgram(app, name = 'main') {
  const program = join(projectFolder, 'apps', app, 'dist', `${name}.js`);
  if (!existsSync(program)) fail(`apps/${app} is not built: run "npm run build"`);
  const child = spawn(process.execPath, [program, ...process.argv.slice(2)], { cwd: projectFolder, stdio: 'inherit' });
  // A signal to this script alone has to reach the program, which stops what it started.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.once('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
