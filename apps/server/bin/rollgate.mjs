#!/usr/bin/env node
// `rollgate`: the command line. npm links this file when packages are installed, before the program it imports is built.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/cli.js', import.meta.url);
if (existsSync(fileURLToPath(program))) {
  await import(program.href);
} else {
  console.error('rollgate: nothing is built yet: run "npm run build" first');
  process.exitCode = 1;
}
