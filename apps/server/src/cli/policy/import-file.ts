/** Commands that import a file, and the undo of what they imported. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { visibleText } from '@rollgate/contract';
import type { Command } from 'commander';
import { undoChange } from '../../policy/history/history.schemas.js';
import { type ImportInput, importBody, type RowError } from '../../policy/import/import.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked, type PolicyDesk } from './policy-desk.js';
import { tellConsequences } from './tell.js';

export interface ImportFlags {
  readonly dryRun?: true;
  readonly allowLowering?: true;
  readonly reason?: string;
  readonly ticket?: string;
  readonly json?: true;
}

interface Item {
  readonly line: number;
  readonly lowered: readonly string[];
}

interface Outcome<Made extends Item> {
  readonly batch: string | null;
  readonly items: readonly Made[];
  readonly errors: readonly RowError[];
  readonly totals: { readonly rows: number; readonly accounts: number; readonly lowering: number };
}

interface Import<Made extends Item> {
  readonly cli: Cli;
  readonly input: ImportInput;
  readonly flags: ImportFlags;
  /** What is made, e.g. `overrides`. */
  readonly noun: string;
  readonly run: (
    desk: PolicyDesk,
    input: ImportInput,
    onProgress: (done: number, all: number) => void,
  ) => Promise<Outcome<Made>>;
  readonly textOf: (item: Made) => string;
}

/** As the API accepts. */
const MOST_BYTES = 5 * 1024 * 1024;
/** Progress is printed for files that take longer than a second. */
const PROGRESS_EVERY = 1_000;

/** The options of every import. */
export function withImportOptions(command: Command): Command {
  return command
    .option('--dry-run', 'check all rows and print what they would make; change nothing')
    .option('--allow-lowering', 'allow rows to lower limits')
    .option('--reason <text>', 'reason of rows that have none, recorded in the history')
    .option('--ticket <id>', 'ticket of rows that have none')
    .option('--json', 'print JSON');
}

/** @throws Error if the file can't be read */
export async function fileInput(file: string, flags: ImportFlags): Promise<ImportInput> {
  const csv = await textOf(file);
  return checked(importBody, { csv, ...optionsOf(flags) });
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: { readonly code?: string }) => {
    throw new Error(`${file} can't be read: ${error.code}`);
  });
  if (bytes.length > MOST_BYTES) throw new Error(`${file} is larger than 5 MB. Import it in parts.`);
  if (!isUtf8(bytes)) throw new Error(`${file} is not UTF-8. Save it as CSV in UTF-8.`);
  return bytes.toString('utf8');
}

/** What the flags add to an import. */
export function optionsOf({ dryRun, allowLowering, reason, ticket }: ImportFlags): Omit<ImportInput, 'csv' | 'rows'> {
  return {
    ...(dryRun === undefined ? {} : { dryRun }),
    ...(allowLowering === undefined ? {} : { allowLowering }),
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
  };
}

export async function runImport<Made extends Item>(work: Import<Made>): Promise<void> {
  const { cli, input, flags, noun, run, textOf } = work;
  const onProgress = (done: number, all: number) => {
    if (all > PROGRESS_EVERY && (done % PROGRESS_EVERY === 0 || done === all)) {
      cli.err(`rollgate: ${done} of ${all} checked\n`);
    }
  };
  const outcome = await atPolicyDesk(cli, (desk) => run(desk, input, onProgress));
  const { errors, items, batch, totals } = outcome;
  if (errors.length > 0) cli.found = 'something wrong';
  if (flags.json) return printJson(cli, outcome);
  for (const error of errors) cli.err(`rollgate: ${errorText(error)}\n`);
  if (flags.dryRun || batch !== null) {
    for (const item of items) {
      cli.out(`${flags.dryRun ? `line ${item.line}  ` : ''}${visibleText(textOf(item))}\n`);
      for (const line of item.lowered) cli.out(`  ${line}\n`);
    }
  }
  const sum = `${items.length} ${noun} for ${totals.accounts} accounts, of which ${totals.lowering} lower a limit`;
  if (batch !== null) cli.out(`Imported as ${batch}: ${sum}.\n`);
  else if (errors.length > 0)
    cli.err(`rollgate: nothing was imported: ${errors.length} errors in ${totals.rows} rows\n`);
  else cli.out(`Dry run, nothing was changed: ${sum}.\n`);
}

/** Adds `undo-batch`: everything that was made together is undone together, whatever made it. */
export function addUndoBatch(command: Command, cli: Cli): void {
  command
    .command('undo-batch')
    .description('undo all changes of a batch, if none of its items has changed since')
    .argument('<batch>', 'e.g. bat_12')
    .option('--allow-lowering', 'allow it to lower limits')
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--json', 'print JSON')
    .action((batch: string, { allowLowering, reason, json }: ImportFlags) => {
      const body = checked(undoChange, { reason, ...(allowLowering === undefined ? {} : { allowLowering }) });
      return undoBatch(cli, { batch, body, json: json === true });
    });
}

async function undoBatch(
  cli: Cli,
  { batch, body, json }: { batch: string; body: Parameters<PolicyDesk['history']['undoBatch']>[1]; json: boolean },
): Promise<void> {
  const done = await atPolicyDesk(cli, ({ history, caller }) => history.undoBatch(batch, body, caller));
  if (json) return printJson(cli, done);
  cli.out(`Undone as ${done.batch}: ${done.changes} changes, ${done.loweredCount} limits lowered.\n`);
  tellConsequences(cli, done);
}

function errorText({ line, column, message }: RowError): string {
  return visibleText(column === null ? `line ${line}: ${message}` : `line ${line}, ${column}: ${message}`);
}
