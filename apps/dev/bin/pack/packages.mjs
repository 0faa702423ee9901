/**
 * The packages that a release publishes. Every other workspace is private.
 *
 * `form` says how a library is published as ES modules and as CommonJS:
 * - `one copy`: the code is CommonJS, and the ES modules re-export it. Both forms are the same objects, so `instanceof` works
 *   however a program loads them. Bundlers and browsers get ES modules.
 * - `two copies`: both forms have the code, because it imports NestJS, which is CommonJS up to version 11 and ES modules from 12 on.
 *   The form that a program loads first is used for both.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectFolder } from '../setup.mjs';

const LIBRARIES = [
  { folder: 'libs/contract', form: 'one copy', inBrowsers: true },
  { folder: 'libs/limiter', form: 'one copy' },
  { folder: 'libs/nestjs', form: 'two copies' },
  { folder: 'libs/client', form: 'one copy', inBrowsers: true },
];

/** The command line, with the service, the screens and the migrations. */
export const COMMAND_LINE = { name: 'rollgate', folder: 'apps/server' };

/** Where everything is written. Only generated files are in it. */
export const packedFolder = join(projectFolder, 'packed');

/** The libraries of this clone, with their package.json and with `entries`: `.` or a subpath, and its file without extension. */
export function libraries() {
  return LIBRARIES.filter(({ folder }) => existsSync(join(projectFolder, folder, 'package.json'))).map((library) => {
    const source = readManifest(library.folder);
    const entries = Object.entries(source.exports).map(([subpath, { default: file }]) => ({
      subpath,
      name: /^\.\/dist\/(.+)\.js$/.exec(file)[1],
    }));
    return { inBrowsers: false, ...library, name: source.name, source, entries };
  });
}

/** Where a package is put together before it is packed. */
export function stageOf(name) {
  return join(packedFolder, name.replace('@rollgate/', ''));
}

/** The package.json of a folder of this repository. */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(projectFolder, folder, 'package.json'), 'utf8'));
}
