/**
 * Puts the command line together: the compiled service, the built screens, and the migrations with their SQL. The files are
 * copied, so that they find each other by the same relative paths as in this repository.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fail, projectFolder } from '../setup.mjs';
import { COMMAND_LINE, readManifest, stageOf } from './packages.mjs';

/** Only this repository needs these. */
const LEFT_OUT = new Set(['openapi-dump.ts']);

export function buildCommandLine() {
  const stage = stageOf(COMMAND_LINE.name);
  copyProgram({ from: join(COMMAND_LINE.folder, 'src'), compiled: join(COMMAND_LINE.folder, 'dist'), to: 'server' });
  copyProgram({ from: 'migrations', compiled: 'migrations/dist', to: 'migrations' });
  copy('apps/server/bin/rollgate.mjs', join(stage, 'server', 'bin', 'rollgate.mjs'));
  const { version } = readManifest(COMMAND_LINE.folder);
  // The program reports this version.
  writeFileSync(join(stage, 'server', 'package.json'), `${JSON.stringify({ version, type: 'module' }, null, 2)}\n`);
  for (const sql of sqlFiles()) copy(join('migrations', sql), join(stage, 'migrations', sql));
  const screens = join(projectFolder, 'apps', 'admin', 'dist');
  if (!existsSync(join(screens, 'index.html'))) fail('the screens are not built');
  for (const { name } of readdirSync(screens, { withFileTypes: true })) {
    if (!name.startsWith('.')) cpSync(join(screens, name), join(stage, 'admin', 'dist', name), { recursive: true });
  }
}

/** Copies the compiled file of each source. dist/ may also have files whose source is gone. */
function copyProgram({ from, compiled, to }) {
  const folder = join(projectFolder, from);
  const sources = readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.ts') && !/\.d\.ts$|\.test\.ts$/.test(file) && !LEFT_OUT.has(file))
    .filter((file) => !/^(dist|test|node_modules)[\\/]/.test(file));
  for (const file of sources) {
    const script = file.replace(/\.ts$/, '.js');
    const text = readFileSync(join(projectFolder, compiled, script), 'utf8');
    const path = join(to, 'dist', script);
    write(join(stageOf(COMMAND_LINE.name), path), withoutMap(withMigrations(text, path)));
  }
}

/** The migrations are a folder of this package, not a package. */
function withMigrations(text, path) {
  const found = relative(dirname(path), join('migrations', 'dist', 'index.js'))
    .split(sep)
    .join('/');
  return text.replace(/(\bfrom |\bimport\()(['"])@rollgate\/migrations\2/g, `$1$2${found}$2`);
}

function withoutMap(text) {
  return text.replace(/^\/\/# sourceMappingURL=.*\n?/m, '');
}

function sqlFiles() {
  return readdirSync(join(projectFolder, 'migrations'), { recursive: true })
    .filter((file) => file.endsWith('.sql'))
    .filter((file) => !/^(dist|schema|test|node_modules)[\\/]/.test(file));
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(projectFolder, from), to);
}

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
