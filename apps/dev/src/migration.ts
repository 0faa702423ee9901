import { parseArgs } from 'node:util';
import { checkFunctions, rebuildBaseline, writeMigration } from './migration/write-migration.js';

const HELP = `usage: npm run migration -- <name>      write the next migration: whole copies of the functions and views in
                                         migrations/functions that differ from what the migrations make
       npm run migration -- --baseline   copy migrations/functions into 001-baseline.sql (until 0.2.0 is released)
       npm run migration -- --check      fail if the migrations create a function or view that differs from migrations/functions
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { baseline: { type: 'boolean' }, check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
});
const name = positionals[0];

if (values.baseline) await rebuildBaseline();
else if (values.check) process.exitCode = await report(await checkFunctions());
else if (name !== undefined && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) console.log(await writeMigration(name));
else {
  (values.help ? console.log : console.error)(HELP);
  process.exitCode = values.help ? 0 : 2;
}

function report(differing: readonly string[]): number {
  for (const path of differing) console.error(`migrations/${path} differs from what the migrations create`);
  if (differing.length > 0) console.error('run "npm run migration -- --baseline" (or -- <name> after a release)');
  return differing.length > 0 ? 1 : 0;
}
