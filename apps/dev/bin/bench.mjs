// npm run bench [-- <arguments>]
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './run-program.mjs';
import { fail, projectFolder, setUp } from './setup.mjs';

setUp();
// The packages to compare with are devDependencies, which an installation may leave out.
if (!existsSync(join(projectFolder, 'node_modules', 'rate-limiter-flexible')))
  fail('the packages to compare with are not installed: run "npm ci --include=dev"');
runProgram('bench');
