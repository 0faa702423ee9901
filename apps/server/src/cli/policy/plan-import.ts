/** Commands that assign plans to many accounts. */
import type { Command } from 'commander';
import { type ImportedAssignment, importBody } from '../../policy/import/import.schemas.js';
import type { Cli } from '../cli.js';
import { addUndoBatch, fileInput, type ImportFlags, optionsOf, runImport, withImportOptions } from './import-file.js';

export function addPlanImports(plan: Command, cli: Cli): void {
  withImportOptions(
    plan
      .command('assign-file')
      .description('assign plans to many accounts from a CSV file: all of them or none, as one batch')
      .argument(
        '<file>',
        'columns: account (* and ? match known accounts), plan, starts_at, ends_at, reason, ticket, allow_lowering',
      ),
  ).action(async (file: string, flags: ImportFlags) => await assignAll(cli, await fileInput(file, flags), flags));
  addUndoBatch(plan, cli);
}

/** Assigns a plan to all known accounts that match. */
export async function assignByPattern(
  cli: Cli,
  { pattern, ...row }: { readonly pattern: string; readonly plan: string },
  flags: ImportFlags,
): Promise<void> {
  if (!/[*?]/.test(pattern)) throw new Error('--pattern: needs * or ?; a single account is named without --pattern.');
  await assignAll(cli, importBody.parse({ rows: [{ account: pattern, ...row }], ...optionsOf(flags) }), flags);
}

async function assignAll(cli: Cli, input: Awaited<ReturnType<typeof fileInput>>, flags: ImportFlags): Promise<void> {
  await runImport({
    cli,
    input,
    flags,
    noun: 'assignments',
    run: ({ imports, caller }, all, onProgress) => imports.assignments(all, { caller, onProgress }),
    textOf: lineOf,
  });
}

function lineOf({ id, account, plan, startsAt, endsAt }: ImportedAssignment): string {
  const until = endsAt === null ? 'without end' : `until ${endsAt}`;
  return [id?.padEnd(10) ?? '', account, plan, `from ${startsAt}`, until].filter(Boolean).join('  ');
}
