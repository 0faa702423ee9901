/** Builds a library from what `tsc -b` has compiled: CommonJS, ES modules, and one set of types for each. */
import { readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { projectFolder } from '../setup.mjs';
import { stageOf } from './packages.mjs';
import { chosenCopy, chosenCopyCommonJs, reExport } from './wrappers.mjs';

export async function buildLibrary(library) {
  const out = join(stageOf(library.name), 'dist');
  if (library.form === 'one copy') await buildOneCopy(library, out);
  else await buildTwoCopies(library, out);
}

async function buildOneCopy({ name, folder, entries, inBrowsers }, out) {
  const input = inputsOf(folder, entries);
  const built = await bundle({ input, out, format: 'cjs' });
  await bundleTypes({ input, out, extension: 'cts' });
  if (inBrowsers) await bundle({ input, out: join(out, 'browser'), format: 'es' });
  for (const entry of entries) {
    writeFileSync(join(out, `${entry.name}.mjs`), reExport(entry.name, exportsOf(built, entry.name, name)));
    // The same types, so that a class with private members is one class to TypeScript, too.
    writeFileSync(join(out, `${entry.name}.d.mts`), `export * from './${entry.name}.cjs';\n`);
  }
}

/**
 * `index` is built as `own`, and the published `index` chooses between the two copies. Other entries import it, so they may not
 * contain a module that is in `index` as well.
 */
async function buildTwoCopies({ name, folder, entries, source }, out) {
  const all = inputsOf(folder, entries);
  const { index, ...others } = all;
  for (const format of ['cjs', 'es']) {
    const own = await bundle({ input: { own: index }, out, format });
    const names = exportsOf(own, 'own', name);
    const key = `${name} ${source.version}`;
    const text = format === 'cjs' ? chosenCopyCommonJs(names, key) : chosenCopy(names, key);
    writeFileSync(join(out, `index.${EXTENSIONS[format]}`), text);
    for (const [entry, file] of Object.entries(others)) {
      const built = await bundle({ input: { [entry]: file }, out, format, index });
      refuseTwice({ name, entry }, modulesOf(own), modulesOf(built));
    }
  }
  for (const extension of ['cts', 'mts']) await bundleTypes({ input: all, out, extension });
}

/**
 * In place of the types of the driver, which an application may not have, and which need a recent TypeScript.
 */
const DRIVER = `/** What Rollgate uses of the driver. The classes of the package \`pg\` have it. */
declare namespace pg {
  interface Pool {
    connect(...values: any[]): any;
    query(...values: any[]): any;
    end(...values: any[]): any;
    on(...values: any[]): any;
  }
  const Client: new (...values: any[]) => any;
}
`;

const EXTENSIONS = { cjs: 'cjs', es: 'mjs' };

function inputsOf(folder, entries) {
  return Object.fromEntries(entries.map(({ name }) => [name, join(projectFolder, folder, 'dist', `${name}.js`)]));
}

/** `index`: the file of the main entry, which is imported instead of being included. */
async function bundle({ input, out, format, index }) {
  const extension = EXTENSIONS[format];
  const toIndex = {
    name: 'main-entry',
    resolveId: (id, importer) =>
      importer && id.startsWith('.') && resolve(importer, '..', id) === index
        ? { id: `./index.${extension}`, external: true }
        : null,
  };
  const bundled = await rolldown({ input, external: isPackage, platform: 'neutral', plugins: index ? [toIndex] : [] });
  const { output } = await bundled.write({
    dir: out,
    format,
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `[name].${extension}`,
    // Jest loads CommonJS in a context without import().
    dynamicImportInCjs: false,
  });
  return output;
}

async function bundleTypes({ input, out, extension }) {
  const declarations = Object.fromEntries(
    Object.entries(input).map(([name, file]) => [name, file.replace(/\.js$/, '.d.ts')]),
  );
  const bundled = await rolldown({
    input: declarations,
    external: isPackage,
    plugins: [dts({ dtsInput: true, emitDtsOnly: true, sourcemap: false })],
  });
  const { output } = await bundled.write({
    dir: out,
    format: 'es',
    entryFileNames: `[name].d.${extension}`,
    chunkFileNames: `[name].d.${extension}`,
  });
  for (const { fileName } of output) {
    const file = join(out, fileName);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/^import pg from ["']pg["'];\n/m, DRIVER));
  }
}

function isPackage(id) {
  return !/^[./]/.test(id) && !/^[A-Za-z]:[\\/]/.test(id);
}

function exportsOf(output, entry, name) {
  const names = output.find((chunk) => chunk.isEntry && chunk.name === entry)?.exports ?? [];
  if (names.length === 0) throw new Error(`${name}: ${entry} exports nothing`);
  return [...names].sort();
}

function modulesOf(output) {
  return new Set(output.flatMap(({ moduleIds = [] }) => moduleIds));
}

function refuseTwice({ name, entry }, inIndex, inEntry) {
  const twice = [...inEntry].filter((id) => inIndex.has(id) && isAbsolute(id)).map((id) => relative(projectFolder, id));
  if (twice.length > 0)
    throw new Error(`${name}/${entry} would have its own copy of ${twice.join(', ')}: import it from './index.js'`);
}
