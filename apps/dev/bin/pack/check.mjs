/** Checks what was packed with publint (is it a well-formed package?) and attw (do its types and its code agree everywhere?). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { stageOf } from './packages.mjs';

/** What is wrong with a package, one line each. */
export async function problemsOf({ name, tarball, hasTypes }) {
  const folder = stageOf(name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { messages } = await publint({ pkgDir: folder, strict: true });
  const found = messages.map((message) => `publint: ${formatMessage(message, manifest, { color: false })}`);
  return [...missingFields(manifest), ...found, ...(hasTypes ? await typeProblems(tarball) : [])].map(
    (line) => `${name}: ${line}`,
  );
}

function missingFields(manifest) {
  const fields = ['description', 'keywords', 'license', 'engines', 'files'];
  return fields.filter((field) => manifest[field] === undefined).map((field) => `package.json has no ${field}`);
}

async function typeProblems(tarball) {
  const { problems } = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  return problems.map(({ kind, ...where }) => `attw: ${kind} ${JSON.stringify(where)}`);
}
