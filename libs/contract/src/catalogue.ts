import { z } from 'zod';
import { DENIED_MESSAGE, MAX_UNITS } from './units.js';

/** Name of one dimension of a level, e.g. `bot`: a lower case letter, then up to 31 lower case letters, digits and `_`. */
const dimensionSchema = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'a dimension is lower case letters, digits and _');

/** The ordered dimensions that form the subject: `[bot]`, `[account, table]`, or any other list of 1 to 8 distinct names. */
export const levelSchema = z
  .array(dimensionSchema)
  .min(1)
  .max(8)
  .refine((level) => new Set(level).size === level.length, 'a level names each dimension once');

const unitsSchema = z.int().min(0).max(MAX_UNITS);

/** Units allowed in any rolling 60 s and any rolling 3,600 s. `0` blocks all calls. */
const limitsSchema = z.strictObject({ perMinute: unitsSchema, perHour: unitsSchema });
export type Limits = z.infer<typeof limitsSchema>;

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;
const idSchema = z.string().regex(ID, 'an id is lower case letters, digits and -');

/** Whether an API or a group can have this ID. */
export function isApiId(text: string): boolean {
  return ID.test(text);
}

const rowSchema = z.strictObject({
  id: idSchema,
  title: z.string().min(1),
  level: levelSchema.optional(),
  limits: limitsSchema.optional(),
  scope: z.enum(['api', 'group']).optional(),
  message: z.string().min(1).optional(),
});

export const catalogueGroupSchema = z.strictObject({
  id: idSchema,
  title: z.string().min(1),
  level: levelSchema,
  limits: limitsSchema,
  scope: z.enum(['api', 'group']).optional(),
  apis: z.array(rowSchema).min(1),
});
export type CatalogueGroup = z.input<typeof catalogueGroupSchema>;

/**
 * One API of the catalogue with the defaults of its group filled in. `scope: 'group'` counts all calls of the API's group
 * together.
 */
export interface ApiEntry {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly groupTitle: string;
  readonly level: readonly string[];
  readonly limits: Limits;
  readonly scope: 'api' | 'group';
  readonly message: string;
}

/** Thrown when the catalogue has no API with this ID. `nearest` lists up to three similar IDs, nearest first. */
export class UnknownApiError extends Error {
  override readonly name = 'UnknownApiError';
  constructor(
    readonly api: string,
    readonly nearest: readonly string[],
  ) {
    super(`unknown API "${api}"${didYouMean(nearest)}`);
  }
}

/** All APIs by ID, in the order in which they were given. */
export class Catalogue {
  #entries: ReadonlyMap<string, ApiEntry>;

  /** @throws Error when a group is malformed, or two APIs have the same ID. */
  constructor(groups: readonly CatalogueGroup[]) {
    const entries = new Map<string, ApiEntry>();
    for (const input of groups) {
      const group = catalogueGroupSchema.parse(input);
      for (const row of group.apis) {
        if (entries.has(row.id)) throw new Error(`catalogue: two APIs have the ID "${row.id}"`);
        entries.set(row.id, {
          id: row.id,
          title: row.title,
          group: group.id,
          groupTitle: group.title,
          level: row.level ?? group.level,
          limits: row.limits ?? group.limits,
          scope: row.scope ?? group.scope ?? 'api',
          message: row.message ?? DENIED_MESSAGE,
        });
      }
    }
    this.#entries = entries;
  }

  /** A catalogue of these entries, which are those of other catalogues. @throws Error when two APIs have the same ID */
  static of(entries: readonly ApiEntry[]): Catalogue {
    const catalogue = new Catalogue([]);
    catalogue.#entries = new Map(entries.map((entry) => [entry.id, entry]));
    if (catalogue.size < entries.length) throw new Error('catalogue: two APIs have the same ID');
    return catalogue;
  }

  get size(): number {
    return this.#entries.size;
  }

  entries(): ApiEntry[] {
    return [...this.#entries.values()];
  }

  find(api: string): ApiEntry | undefined {
    return this.#entries.get(api);
  }

  /** @throws UnknownApiError when the catalogue has no API with this ID */
  get(api: string): ApiEntry {
    const entry = this.find(api);
    if (!entry) throw new UnknownApiError(api, this.nearest(api));
    return entry;
  }

  /** Up to three IDs that are similar to this name, nearest first. */
  nearest(api: string): string[] {
    return nearestNames(api, this.ids());
  }

  /** The IDs that are suggested for a misspelled one. */
  protected ids(): string[] {
    return [...this.#entries.keys()];
  }
}

/**
 * Up to three candidates, nearest first, whose edit distance from the name is at most a third of the name's length (but at
 * least two edits are always accepted).
 */
export function nearestNames(name: string, candidates: Iterable<string>): string[] {
  const furthest = Math.max(2, Math.floor(name.length / 3));
  return [...new Set(candidates)]
    .map((id) => ({ id, edits: editDistance(name.toLowerCase().slice(0, 64), id) }))
    .filter(({ id, edits }) => edits <= furthest && edits < id.length)
    .sort((a, b) => a.edits - b.edits || a.id.localeCompare(b.id))
    .slice(0, 3)
    .map(({ id }) => id);
}

/** E.g. `, did you mean "bot", "bots"?`; an empty string if there are none. */
export function didYouMean(nearest: readonly string[]): string {
  return nearest.length > 0 ? `, did you mean ${nearest.map((id) => `"${id}"`).join(', ')}?` : '';
}

function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    above = row;
  }
  return above[b.length] as number;
}
