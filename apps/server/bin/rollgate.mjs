#!/usr/bin/env node
// npx rollgate: the command line. A file of its own, so that npm can link it before anything is built.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/cli.js', import.meta.url);
if (existsSync(fileURLToPath(program))) {
  await import(program.href);
} else {
  console.error('rollgate: nothing is built yet: run "npm run build" first');
  process.exitCode = 1;
}
