/** A policy file as YAML: reading it with line numbers, and writing it for people to read. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  YAMLMap,
  YAMLSeq,
  Document as YamlDocument,
} from 'yaml';
import type { z } from 'zod';
import {
  type Item,
  type PolicyContent,
  SECTIONS,
  type Section,
  tidyItem,
} from '../../policy/policy-file/policy-content.js';
import type { Fault } from '../../policy/policy-file/policy-faults.js';
import { FILE_VERSION, policyFileSchema } from '../../policy/policy-file/policy-file.schemas.js';
import type { PolicyFile } from '../../policy/policy-file/policy-file.service.js';

/** The file can't be applied. The message has one line for each fault. */
export class PolicyFileError extends Error {
  override readonly name = 'PolicyFileError';
}

export interface ReadPolicyFile extends PolicyFile {
  /** In the order of the lines: `policy.yaml:12: there is no plan "pro"`. */
  readonly told: (faults: readonly Fault[]) => string[];
}

/** `offset`: of the first character; undefined: the whole file. */
interface Located {
  readonly offset: number | undefined;
  readonly message: string;
}

/** A larger file is no policy: 10,000 overrides take about 2 MB. */
const MOST_BYTES = 50 * 1024 * 1024;

const HEAD = ` The policy of a Rollgate database, written by "rollgate policy export" and applied by "rollgate policy apply".
 Keep the line "exported": it lets Rollgate find changes that were made in the database since.
 A limit that an item leaves out is the default. An item that is left out stays in the database, unless it is pruned.`;

/** @throws PolicyFileError */
export function readPolicyFile(path: string): ReadPolicyFile {
  const text = textOf(path);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const told = (faults: readonly Located[]): string[] =>
    faults
      .map(({ offset, message }) => ({ line: offset === undefined ? 0 : lineCounter.linePos(offset).line, message }))
      .sort((a, b) => a.line - b.line)
      .map(({ line, message }) => `${path}${line === 0 ? '' : `:${line}`}: ${message}`);
  const refuse = (faults: readonly Located[]): never => {
    throw new PolicyFileError(told(faults).join('\n'));
  };
  if (document.errors.length > 0) {
    refuse(document.errors.map(({ pos, message }) => ({ offset: pos[0], message })));
  }
  const read = policyFileSchema.safeParse(plain(document, path));
  if (!read.success) return refuse(read.error.issues.flatMap((issue) => located(document, issue)));
  const { exported, ...sections } = read.data;
  const tidy = (section: Section): Item[] => sections[section].map((item) => tidyItem(section, item));
  return {
    exported,
    sha256: createHash('sha256').update(text).digest('hex'),
    content: {
      catalogue: tidy('catalogue'),
      plans: tidy('plans'),
      assignments: tidy('assignments'),
      overrides: tidy('overrides'),
    },
    told: (faults) =>
      told(
        faults.map(({ section, index, path: inItem = [], message }) => ({
          offset: offsetOf(document, [section, index, ...inItem]),
          message,
        })),
      ),
  };
}

/** The same content gives the same bytes. */
export function writePolicyFile(exported: string, content: PolicyContent): string {
  const document = new YamlDocument({ version: FILE_VERSION, exported, ...content });
  document.commentBefore = HEAD;
  for (const section of SECTIONS) layOut(document, section);
  return document.toString({ lineWidth: 0 });
}

/** An empty line before each section, and short things on one line. */
function layOut(document: Document, section: Section): void {
  const contents = document.contents as YAMLMap;
  const pair = contents.items.find(({ key }) => isScalar(key) && key.value === section);
  if (pair !== undefined) (pair.key as Node).spaceBefore = true;
  const items = contents.get(section);
  if (!(items instanceof YAMLSeq)) return;
  if (items.items.length === 0) items.flow = true;
  for (const item of items.items as YAMLMap[]) {
    const dimensions = item.get('dimensions');
    if (dimensions instanceof YAMLMap) dimensions.flow = true;
    const limits = item.get('limits');
    if (!(limits instanceof YAMLSeq)) continue;
    limits.flow = limits.items.length === 0;
    for (const limit of limits.items as YAMLMap[]) limit.flow = true;
  }
}

function textOf(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new PolicyFileError(`${path} cannot be read: ${(error as { code?: string }).code}`);
  }
  if (Buffer.byteLength(text) > MOST_BYTES) throw new PolicyFileError(`${path} is larger than ${MOST_BYTES} bytes`);
  return text;
}

function plain(document: Document, path: string): unknown {
  try {
    // Aliases are expanded at most 100 times.
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new PolicyFileError(`${path}: ${(error as Error).message}`);
  }
}

/** An unknown name is shown at its own line. */
function located(document: Document, issue: z.core.$ZodIssue): Located[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      offset: offsetOf(document, [...issue.path, key]),
      message: `unknown name "${key}"`,
    }));
  }
  const field = issue.path.at(-1);
  const message = typeof field === 'string' ? `${field}: ${issue.message}` : issue.message;
  return [{ offset: offsetOf(document, issue.path), message }];
}

/** The start of what is at the path, or of the innermost thing on the way to it. undefined: the whole file. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1));
    if (pair !== undefined) return (pair.key as Node).range?.[0];
  }
  const node = path.length === 0 ? undefined : (document.getIn(path, true) as Node | undefined);
  if (node?.range) return node.range[0];
  return path.length === 0 ? undefined : offsetOf(document, path.slice(0, -1));
}
