// What Biome can't check: the words of comments, messages and documents, and the length of test functions and of lines of SQL.
// Checks the files that git knows, or those below the paths that are given.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder } from './setup.mjs';
import { checkSqlLines, checkTestFunctions } from './style/check-lengths.mjs';
import { checkPhrases } from './style/check-phrases.mjs';

/**
 * The phrases themselves and the test of this check; generated files, which change with their sources; and the schema of an
 * earlier release, which never changes.
 */
const SKIPPED = [
  'apps/dev/bin/style/phrases.mjs',
  'apps/dev/test/style.test.ts',
  'migrations/schema/',
  'migrations/test/',
  'apps/admin/src/api/',
  'docs/licences.md',
  'package-lock.json',
];

const messages = projectFiles(process.argv.slice(2)).flatMap((path) => {
  const text = readFileSync(join(projectFolder, path), 'utf8');
  return [
    ...checkPhrases(path, text),
    ...(/\.test\.ts$|^(apps|libs)\/[^/]+\/test\/.*\.ts$/.test(path) ? checkTestFunctions(path, text) : []),
    ...(path.endsWith('.sql') ? checkSqlLines(path, text) : []),
  ];
});
if (messages.length > 0) fail(`${messages.length} places need another wording or form:\n${messages.join('\n')}`);

function projectFiles(paths) {
  const options = { cwd: projectFolder, encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 };
  return execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', '--', ...paths], options)
    .split('\0')
    .filter((path) => /\.(ts|tsx|mts|mjs|sql|md|json)$/.test(path))
    .filter((path) => !SKIPPED.some((place) => path.startsWith(place)) && existsSync(join(projectFolder, path)));
}
