/** The published package.json of each package, made from the one in this repository. */
import { COMMAND_LINE, readManifest } from './packages.mjs';

/** npm reads these from the package.json in the tarball. Provenance needs a CI that npm trusts, and `repository`. */
const PUBLISH_CONFIG = { access: 'public', provenance: true };

export function libraryManifest(library) {
  const { source, entries } = library;
  const subpaths = entries.filter(({ subpath }) => subpath !== '.');
  return {
    ...described(source),
    type: 'module',
    // For tools that do not read `exports`, such as TypeScript with "moduleResolution": "node10".
    main: './dist/index.cjs',
    types: './dist/index.d.cts',
    ...(subpaths.length > 0 && {
      typesVersions: {
        '*': Object.fromEntries(subpaths.map(({ subpath, name }) => [subpath.slice(2), [types(name)]])),
      },
    }),
    exports: Object.fromEntries(entries.map(({ subpath, name }) => [subpath, conditions(name, library)])),
    sideEffects: false,
    files: ['dist'],
    dependencies: dependenciesOf(library),
    ...(source.peerDependencies && { peerDependencies: source.peerDependencies }),
    ...(source.peerDependenciesMeta && { peerDependenciesMeta: source.peerDependenciesMeta }),
    publishConfig: PUBLISH_CONFIG,
  };
}

export function commandLineManifest(bin) {
  const source = readManifest(COMMAND_LINE.folder);
  const migrations = readManifest('migrations');
  const { '@rollgate/migrations': _, ...dependencies } = { ...migrations.dependencies, ...source.dependencies };
  return {
    ...described(source),
    name: COMMAND_LINE.name,
    type: 'module',
    bin: { rollgate: bin },
    files: ['server', 'admin', 'migrations'],
    dependencies: sorted(dependencies),
    publishConfig: PUBLISH_CONFIG,
  };
}

function described({ name, version, description, keywords, license }) {
  const { engines, repository, homepage, bugs } = readManifest('.');
  return { name, version, description, keywords, license, engines, repository, homepage, bugs };
}

function conditions(name, { inBrowsers }) {
  const forImport = { types: `./dist/${name}.d.mts`, default: `./dist/${name}.mjs` };
  const forRequire = { types: types(name), default: `./dist/${name}.cjs` };
  if (!inBrowsers) return { import: forImport, require: forRequire };
  return {
    node: { import: forImport, require: forRequire },
    require: forRequire,
    default: { types: `./dist/${name}.d.mts`, default: `./dist/browser/${name}.mjs` },
  };
}

function types(name) {
  return `./dist/${name}.d.cts`;
}

/** An application gets one version of each dependency, so ranges are wide, except for our own packages, which move together. */
function dependenciesOf({ source }) {
  const ranges = Object.entries(source.dependencies ?? {}).map(([name, version]) => [
    name,
    name.startsWith('@rollgate/') ? version : `^${version}`,
  ]);
  return sorted(Object.fromEntries(ranges));
}

function sorted(dependencies) {
  return Object.fromEntries(Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1)));
}
