// npm run release -- <version> [--dry-run]: does everything up to the tag and the tarballs. Push and publish by hand.
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, projectFolder } from './setup.mjs';

const HELP = `npm run release -- <version> [--dry-run]

Checks that the working tree is clean and on main, that CHANGELOG.md has a dated section for the version, that package.json
names the repository, and that .ci/run passes, which builds, checks and installs the packages. Then it sets the version in
every package.json and the lockfile, commits, tags v<version>, and packs the packages of that version in packed/ with their
checks. All packages have the same version.

  --dry-run   check, pack the present version, and print what would be done
  --skip-ci   do not run .ci/run, because it has just passed
`;

const args = process.argv.slice(2);
const [version] = args.filter((arg) => !arg.startsWith('--'));
const unknown = args.find((arg) => arg.startsWith('--') && !['--dry-run', '--skip-ci', '--help'].includes(arg));
if (args.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (unknown !== undefined) fail(`unknown argument ${unknown}; see npm run release -- --help`);
if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version ?? ''))
  fail('the version is missing, e.g. npm run release -- 0.2.0 --dry-run');

const dryRun = args.includes('--dry-run');
check();
if (!args.includes('--skip-ci')) runCi();
const manifests = packageFiles();
if (dryRun) {
  pack();
  console.log(
    `would set version ${version} in:\n  ${manifests.join('\n  ')}\nwould commit "Release ${version}" and tag v${version}`,
  );
} else {
  for (const manifest of manifests) setVersion(manifest);
  run('npm', ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund']);
  git('commit', '--all', '--message', `Release ${version}`);
  git('tag', '--annotate', `v${version}`, '--message', changelogSection());
  pack();
  console.log(`tagged v${version}; push it with: git push origin main v${version}
publish in CI, which can sign where the packages were built: npm publish packed/<package>-${version}.tgz`);
}

function check() {
  if (git('status', '--porcelain') !== '') fail('the working tree is not clean: commit or stash first');
  if (git('rev-parse', '--abbrev-ref', 'HEAD') !== 'main') fail('releases are made on main');
  if (git('tag', '--list', `v${version}`) !== '') fail(`the tag v${version} exists already`);
  // npm compares it with the repository that CI built the package in.
  const lacksRepository = readJson('package.json').repository === undefined;
  const needed = 'package.json has no "repository", which packages with provenance must name';
  if (lacksRepository && !dryRun) fail(needed);
  if (lacksRepository) console.log(`would stop: ${needed}`);
  if (changelogSection() === '') fail(`CHANGELOG.md has no section "## ${version} - <date>", or the section is empty`);
}

function runCi() {
  const { status } = spawnSync('bash', ['.ci/run'], { cwd: projectFolder, stdio: 'inherit' });
  if (status !== 0) fail('.ci/run failed: see above');
}

function pack() {
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b']);
  run(process.execPath, [join('apps', 'dev', 'bin', 'pack.mjs'), '--check']);
  writeFileSync(join(projectFolder, 'packed', 'release-notes.md'), `${changelogSection()}\n`);
}

/** The text under the version's heading, up to the next version. */
function changelogSection() {
  const changelog = readFileSync(join(projectFolder, 'CHANGELOG.md'), 'utf8');
  const heading = new RegExp(`^## \\[?${version.replaceAll('.', '\\.')}\\]? - \\d{4}-\\d{2}-\\d{2}$`, 'm').exec(
    changelog,
  );
  if (heading === null) return '';
  const rest = changelog.slice(heading.index + heading[0].length);
  const next = /^## /m.exec(rest);
  return rest.slice(0, next?.index).trim();
}

/** The root and every workspace, as paths from the root. */
function packageFiles() {
  const inFolder = (folder) =>
    readdirSync(join(projectFolder, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}/package.json`);
  return ['package.json', 'migrations/package.json', ...inFolder('libs'), ...inFolder('apps')];
}

/** Also sets the versions of dependencies between workspaces, which are exact. The text keeps its form, which lint checks. */
function setVersion(manifest) {
  const path = join(projectFolder, manifest);
  const text = readFileSync(path, 'utf8')
    .replace(/^( {2}"version": )"[^"]*"/m, `$1"${version}"`)
    .replace(/("@rollgate\/[\w-]+": )"[^"]*"/g, `$1"${version}"`);
  writeFileSync(path, text);
}

function readJson(file) {
  return JSON.parse(readFileSync(join(projectFolder, file), 'utf8'));
}

function git(...words) {
  return execFileSync('git', words, { cwd: projectFolder, encoding: 'utf8' }).trim();
}

function run(program, words) {
  const { status } = spawnSync(program, words, { cwd: projectFolder, stdio: 'inherit' });
  if (status !== 0) fail(`${program} ${words[0]} failed: see above`);
}
