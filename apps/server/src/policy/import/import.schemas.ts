import { z } from 'zod';
import { limitFields } from '../../limiting/stored-limit.js';
import { allowLowering, reasonText, ticketText } from '../change.schemas.js';

/** Rows of a file, and changes that they make: a pattern makes one for each account. */
export const MOST_ROWS = 10_000;

const source = {
  /** The file's text: CSV as in RFC 4180, with a line of column names. */
  csv: z.string().optional(),
  /** Instead of a file. */
  rows: z.array(z.record(z.string(), z.unknown())).min(1).max(MOST_ROWS).optional(),
  /** Checks all rows and returns what they would make, and changes nothing. */
  dryRun: z.boolean().optional(),
  /** For the rows that have none. */
  reason: reasonText.optional(),
  ticket: ticketText.nullish(),
  allowLowering,
};

export const importBody = z
  .strictObject(source)
  .refine(({ csv, rows }) => (csv === undefined) !== (rows === undefined), 'send csv or rows');
export type ImportInput = z.output<typeof importBody>;

/** What is wrong with one row. */
const rowError = z.object({
  /** Line of the file, or position in `rows`, from 1. */
  line: z.int(),
  /** null: the row as a whole. */
  column: z.string().nullable(),
  message: z.string(),
});
export type RowError = z.output<typeof rowError>;

const row = {
  line: z.int(),
  /** null: a dry run. */
  id: z.string().nullable(),
  /** The limits that it lowers, as sentences. */
  lowered: z.array(z.string()),
};

const importedOverride = z.object({
  ...row,
  ...limitFields,
  /** Extra units; null: none. */
  extraMinute: z.int().nullable(),
  extraHour: z.int().nullable(),
  mode: z.enum(['enforced', 'shadow']).nullable(),
  startsAt: z.string(),
  expiresAt: z.string().nullable(),
});

const importedAssignment = z.object({
  ...row,
  account: z.string(),
  plan: z.string(),
  startsAt: z.string(),
  endsAt: z.string().nullable(),
});
export type ImportedAssignment = z.output<typeof importedAssignment>;

function resultOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    /** null: a dry run, or there are errors; nothing was changed. */
    batch: z.string().nullable(),
    /** In the order of the file; a pattern makes one for each account. */
    items: z.array(item),
    /** Listed by a dry run; otherwise they are refused with 422. */
    errors: z.array(rowError),
    totals: z.object({
      /** Rows of the file. */
      rows: z.int(),
      accounts: z.int(),
      /** Items that lower a limit. */
      lowering: z.int(),
    }),
  });
}

export const overridesImport = resultOf(importedOverride);
export const assignmentsImport = resultOf(importedAssignment);
