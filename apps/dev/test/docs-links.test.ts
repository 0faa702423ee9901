/** Each relative link in the documents points to a file that exists, and to a heading that exists. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

function markdownUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file));
}

/** Removes code, in which links and headings are only examples. */
function prose(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```/gm, '').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()]/g, ''));
}

function linksOf(text: string): string[] {
  const targets = [...prose(text).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target as string);
  return targets.filter((target) => !/^[a-z]+:/i.test(target));
}

/** The anchors that GitHub creates: lower case, no punctuation, hyphens for spaces; a repeated anchor gets a number. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of prose(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const slug = (heading as string)
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let copy = 1; anchors.has(anchor); copy++) anchor = `${slug}-${copy}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Why a link is broken; `undefined` if it is not. */
function fault(file: string, target: string): string | undefined {
  const [path = '', anchor] = decodeURI(target).split('#');
  const found = path === '' ? file : resolve(dirname(file), path);
  if (!existsSync(found)) return `${target}: there is no such file`;
  if (anchor === undefined) return undefined;
  if (statSync(found).isDirectory() || !found.endsWith('.md')) return `${target}: only Markdown files have headings`;
  return anchorsOf(readFileSync(found, 'utf8')).has(anchor) ? undefined : `${target}: there is no such heading`;
}

const documents = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'].map((name) => join(PROJECT, name)),
  join(PROJECT, 'migrations/README.md'),
  ...markdownUnder(join(PROJECT, 'docs')),
];

describe('relative links', () => {
  test.each(documents.map((file) => relative(PROJECT, file)))('%s', (name) => {
    const file = join(PROJECT, name);
    const faults = linksOf(readFileSync(file, 'utf8')).flatMap((target) => fault(file, target) ?? []);
    expect(faults).toEqual([]);
  });

  test('the check finds a missing file and a missing heading, and skips code', () => {
    const readme = join(PROJECT, 'README.md');
    expect(fault(readme, 'docs/none.md')).toContain('no such file');
    expect(fault(readme, 'docs/design.md#none')).toContain('no such heading');
    expect(linksOf('[a](b.md) `[c](d.md)` [e](https://f.example)\n```\n[g](h.md)\n```\n')).toEqual(['b.md']);
    expect([...anchorsOf('# One: `two`\n## One two\n')]).toEqual(['one-two', 'one-two-1']);
  });
});
