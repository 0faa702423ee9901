/** Texts, times and pages in requests and responses of the admin API. Times are ISO 8601 in UTC. */
import { jsonProblem, momentSchema } from '@rollgate/contract';
import { z } from 'zod';

/** Text that Postgres can store and a person can read; NFC, so that two spellings of one name are one name. */
export function text({ most }: { most: number }) {
  return anyText({ most }).min(1, 'must not be empty');
}

/** May be empty. */
export function anyText({ most }: { most: number }) {
  return z
    .string()
    .trim()
    .refine((value) => !value.includes('\0'), 'must not contain NUL')
    .refine((value) => value.isWellFormed(), 'must be well-formed Unicode')
    .refine((value) => Buffer.byteLength(value) <= most, `must be at most ${most} bytes`)
    .overwrite((value) => value.normalize('NFC'));
}

export const idText = text({ most: 128 });
export const time = momentSchema;

export const page = {
  /** The `next` of the previous page. */
  after: z.string().max(2_000).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
};

/** One page. `next`: `after` of the next one; `null`: this is the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** A parameter of a URL that is JSON, e.g. `{"bot":"b-17"}`, checked like a body. */
export function jsonText<Schema extends z.ZodType>(schema: Schema) {
  return z
    .string()
    .max(16_384)
    .transform((value, context): unknown => {
      try {
        const why = jsonProblem(new TextEncoder().encode(value));
        if (why === undefined) return JSON.parse(value) as unknown;
        context.addIssue({ code: 'custom', message: why });
      } catch {
        context.addIssue({ code: 'custom', message: 'must be JSON' });
      }
      return z.NEVER;
    })
    .pipe(schema);
}
