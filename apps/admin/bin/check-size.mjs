// The size of what a browser loads before the first screen appears. Fails above 300 kB of gzipped JavaScript.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const MOST_KB = 300;
const dist = join(import.meta.dirname, '..', 'dist');

/** The entry, its static imports, and the home screen. */
export function firstLoad() {
  const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'));
  const files = new Set();
  const add = (key) => {
    const chunk = manifest[key];
    if (chunk === undefined || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const other of chunk.imports ?? []) add(other);
  };
  add('index.html');
  add('src/features/find/find.route.tsx');
  const sizes = [...files].map((file) => ({ file, bytes: gzipSync(readFileSync(join(dist, file))).length }));
  return { sizes, kB: sizes.reduce((sum, { bytes }) => sum + bytes, 0) / 1000, mostKB: MOST_KB };
}

if (process.argv[1] === import.meta.filename) {
  const { sizes, kB } = firstLoad();
  for (const { file, bytes } of sizes) console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`);
  console.log(`${kB.toFixed(1).padStart(7)} kB  of ${MOST_KB} kB`);
  if (kB > MOST_KB) {
    console.error('the first load is too large: load its less urgent parts together with the screens that need them');
    process.exitCode = 1;
  }
}
