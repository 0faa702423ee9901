/** The text of generated entry files. */

const GENERATED = '// Generated when the package was packed.\n';

/** An ES module that re-exports a CommonJS file. Names are written out, because ES modules export statically. */
export function reExport(entry, names) {
  return `${GENERATED}import copy from './${entry}.cjs';\n\n${exportAll(names)}`;
}

const WHY = `// A program may load both forms of this package, for example when one of its dependencies is CommonJS. Both must be the
// same classes then, or injection and instanceof would fail. The form that is loaded first is used for both. Each copy of NestJS
// has its own.
`;

/** The main entry as an ES module. */
export function chosenCopy(names, key) {
  return `${GENERATED}${WHY}import { Injectable } from '@nestjs/common';
import * as own from './own.mjs';

${copies(key)}
if (!copies.has(Injectable)) copies.set(Injectable, own);
const copy = copies.get(Injectable);

${exportAll(names)}`;
}

/** The main entry as CommonJS. It loads its own copy only if it is the first. */
export function chosenCopyCommonJs(names, key) {
  return `${GENERATED}${WHY}'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
const { Injectable } = require('@nestjs/common');

${copies(key)}
if (!copies.has(Injectable)) copies.set(Injectable, require('./own.cjs'));
const copy = copies.get(Injectable);

${names.map((name) => `exports.${name} = copy.${name};\n`).join('')}`;
}

function copies(key) {
  const symbol = `Symbol.for('${key}')`;
  return `globalThis[${symbol}] ??= new WeakMap();\nconst copies = globalThis[${symbol}];`;
}

function exportAll(names) {
  return `export const {\n${names.map((name) => `  ${name},\n`).join('')}} = copy;\n`;
}
