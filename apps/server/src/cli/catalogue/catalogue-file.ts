/** A catalogue as a YAML file, for applications that do not register their APIs themselves. */
import { readFileSync } from 'node:fs';
import { Catalogue, catalogueGroupSchema } from '@rollgate/contract';
import { checkApplicationName } from '@rollgate/limiter';
import { parse } from 'yaml';
import { z } from 'zod';

export interface CatalogueFile {
  /** The name under which the APIs are registered. */
  readonly application: string;
  readonly catalogue: Catalogue;
}

/** The file is no catalogue. The message has one line for each fault. */
export class CatalogueFileError extends Error {
  override readonly name = 'CatalogueFileError';
}

/** A larger file is no catalogue: 10,000 APIs take about 2 MB. */
const MOST_BYTES = 10 * 1024 * 1024;

const fileSchema = z.strictObject({
  application: z.string({ error: 'must name the application whose APIs these are' }),
  groups: z.array(catalogueGroupSchema),
});

/** Reads a catalogue file. Its APIs are registered for `file:<application>`. @throws CatalogueFileError */
export function readCatalogueFile(file: string): CatalogueFile {
  const read = fileSchema.safeParse(parsed(textOf(file), file));
  if (!read.success)
    throw new CatalogueFileError(read.error.issues.map((issue) => `${file}: ${faultOf(issue)}`).join('\n'));
  const { application, groups } = read.data;
  try {
    return { application: `file:${checkApplicationName(application)}`, catalogue: new Catalogue(groups) };
  } catch (error) {
    throw new CatalogueFileError(`${file}: ${(error as Error).message}`);
  }
}

function textOf(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CatalogueFileError(`${file} cannot be read: ${(error as { code?: string }).code}`);
  }
  if (Buffer.byteLength(text) > MOST_BYTES) throw new CatalogueFileError(`${file} is larger than ${MOST_BYTES} bytes`);
  return text;
}

function parsed(text: string, file: string): unknown {
  try {
    // A name that occurs twice is an error, and aliases are expanded at most 100 times.
    return parse(text, { prettyErrors: true });
  } catch (error) {
    const [line = ''] = (error as Error).message.split('\n', 1);
    throw new CatalogueFileError(`${file}: ${line.replace(/:$/, '')}`);
  }
}

function faultOf({ path, message }: z.core.$ZodIssue): string {
  const place = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return place === '' ? message : `${place.replace(/^\./, '')}: ${message}`;
}
