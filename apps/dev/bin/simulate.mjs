// npm run simulate [-- <arguments>]
import { runProgram } from './run-program.mjs';
import { setUp } from './setup.mjs';

setUp();
runProgram('bench', 'simulate');
