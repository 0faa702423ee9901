// npm run pack [-- --check]: puts the published packages together in packed/, and packs each into a tarball.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAdmin } from './admin-build.mjs';
import { buildCommandLine } from './pack/command-line.mjs';
import { buildLibrary } from './pack/library.mjs';
import { commandLineManifest, libraryManifest } from './pack/manifest.mjs';
import { COMMAND_LINE, libraries, packedFolder, stageOf } from './pack/packages.mjs';
import { fail, projectFolder } from './setup.mjs';

const HELP = `npm run pack [-- --check]

Packs what "npm run build" has compiled: each published package in a folder of packed/, and as a tarball that
npm install accepts.

  --check   also check the packages with publint and attw
`;

const args = process.argv.slice(2);
const unknown = args.find((arg) => !['--check', '--help'].includes(arg));
if (args.includes('--help')) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (unknown !== undefined) fail(`unknown argument ${unknown}; see npm run pack -- --help`);

rmSync(packedFolder, { recursive: true, force: true });
const packages = await putTogether();
pack(packages);
if (args.includes('--check')) await check(packages);

async function putTogether() {
  const found = libraries();
  for (const library of found) {
    await buildLibrary(library);
    finish({ folder: library.folder, name: library.name, manifest: libraryManifest(library) });
  }
  if (!buildAdmin()) fail('the build of the screens failed: see above');
  buildCommandLine();
  const manifest = commandLineManifest('server/bin/rollgate.mjs');
  finish({ folder: COMMAND_LINE.folder, name: COMMAND_LINE.name, manifest });
  return [
    ...found.map(({ name, source }) => ({ name, version: source.version, hasTypes: true })),
    { name: COMMAND_LINE.name, version: manifest.version, hasTypes: false },
  ].map((one) => ({ ...one, tarball: tarballOf(one) }));
}

/** The files that every package has. */
function finish({ folder, name, manifest }) {
  const stage = stageOf(name);
  mkdirSync(stage, { recursive: true });
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  cpSync(join(projectFolder, folder, 'README.md'), join(stage, 'README.md'));
  cpSync(join(projectFolder, 'LICENSE'), join(stage, 'LICENSE'));
}

function tarballOf({ name, version }) {
  return join(packedFolder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
}

function pack(all) {
  const folders = all.map(({ name }) => stageOf(name));
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', packedFolder, ...folders];
  const { status } = spawnSync('npm', words, {
    cwd: packedFolder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail('npm pack failed: see above');
}

async function check(all) {
  const { problemsOf } = await import('./pack/check.mjs');
  const problems = [];
  for (const one of all) problems.push(...(await problemsOf(one)));
  if (problems.length > 0) fail(`the packages have problems:\n  ${problems.join('\n  ')}`);
  console.log(`packages: ${all.map(({ name }) => name).join(', ')} are well formed`);
}
