/** Schemas that several groups of routes use. */
import { z } from 'zod';

/** The name or key of a document. */
export const nameSchema = z.string().trim().min(1).max(200);
export const textSchema = z.string().trim().min(1).max(2000);
export const emailSchema = z
  .email()
  .max(200)
  .transform((email) => email.toLowerCase());
/** Any columns and values. */
export const recordSchema = z.record(z.string().min(1).max(200), z.json());

/** `?limit=50&offset=100` */
export const pageSchema = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});
export type Page = z.output<typeof pageSchema>;

/** The largest page. */
export const WHOLE: Page = { limit: 200, offset: 0 };
