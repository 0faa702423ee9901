import { visibleText } from '@rollgate/contract';
import { type Command, Option } from 'commander';
import {
  createOverride,
  expireOverride,
  listOverrides,
  type OverrideView,
} from '../../policy/overrides/overrides.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { addUndoBatch, fileInput, type ImportFlags, runImport, withImportOptions } from './import-file.js';
import { atPolicyDesk, checked } from './policy-desk.js';
import { limitsText, tellConsequences } from './tell.js';
import { apiValue, dimension, expiry, extra, factor, limit, start } from './typed.js';

/** How long an override lasts by default. */
const DEFAULT_LENGTH = '24h';

interface SetFlags {
  readonly api?: string;
  readonly group?: string;
  readonly subject?: Record<string, string>;
  readonly perMinute?: number | 'default';
  readonly perHour?: number | 'default';
  readonly factor?: number;
  readonly extraMinute?: number;
  readonly extraHour?: number;
  readonly mode?: 'enforced' | 'shadow';
  readonly starts?: string;
  readonly expires?: string;
  readonly allowLowering?: true;
  readonly reason: string;
  readonly ticket?: string;
  readonly json?: true;
}

interface ListFlags {
  readonly account?: string;
  readonly state?: string;
  readonly expiring?: string;
  readonly limit?: string;
  readonly json?: true;
}

export function addOverride(program: Command, cli: Cli): void {
  const override = program.command('override').description('custom limits of accounts');
  addSet(override, cli);
  override
    .command('list')
    .description('list overrides, newest first')
    .option('--account <account>')
    .addOption(new Option('--state <state>').choices(['inForce', 'upcoming', 'expired', 'all']).default('inForce'))
    .option('--expiring <hours>', 'only those that expire within this many hours')
    .option('--limit <n>', 'maximum number of rows', '50')
    .option('--json', 'print JSON')
    .action((flags: ListFlags) => list(cli, flags));
  override
    .command('expire')
    .description('expire an override now')
    .argument('<id>', 'e.g. ovr_17')
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--json', 'print JSON')
    .action((id: string, flags: { readonly reason: string; readonly json?: true }) => expire(cli, id, flags));
  addImport(override, cli);
}

function addImport(override: Command, cli: Cli): void {
  withImportOptions(
    override
      .command('import')
      .description('create many overrides from a CSV file: all of them or none, as one batch')
      .argument(
        '<file>',
        'columns: account (* and ? match known accounts), group, api, dimensions, per_minute, per_hour, factor, extra_minute, extra_hour, mode, starts_at, expires_at, reason, ticket, allow_lowering',
      ),
  ).action((file: string, flags: ImportFlags) => importFile(cli, file, flags));
  addUndoBatch(override, cli);
}

function addSet(override: Command, cli: Cli): void {
  override
    .command('set')
    .description('set a custom limit for an account: for all APIs, or for those given by --group, --api or --subject')
    .argument('<account>')
    .option('--api <api>', 'for one API')
    .option('--group <group>', 'for a group of APIs')
    .option('--subject <name=value>', 'for one subject of the API, e.g. bot=b-17; repeat for each dimension', dimension)
    .option(
      '--per-minute <units>',
      'limit in any 60 s; 0 blocks; "default" means the catalogue default; if omitted, the effective limit is kept',
      limit,
    )
    .option('--per-hour <units>', 'limit in any hour; same values as --per-minute', limit)
    .option('--factor <times>', "multiple of each API's own default, instead of limits, e.g. 2 or 1.5", factor)
    .option('--extra-minute <units>', 'extra units: added to the effective limit in any 60 s, instead of limits', extra)
    .option('--extra-hour <units>', 'extra units: added to the effective limit in any hour, instead of limits', extra)
    .addOption(
      new Option('--mode <mode>', 'shadow records denials without enforcing them').choices(['enforced', 'shadow']),
    )
    .option(
      '--starts <time>',
      'start time: a delay like 2h, 15:00Z (the next one), or a time like 2026-12-31T12:00:00Z (default: now)',
      start,
    )
    .addOption(
      new Option(
        '--expires <time>',
        'end time: 24h, 7d, 15:00Z (the next one), a time like 2026-12-31T12:00:00Z, or never',
      )
        .argParser(expiry)
        .default(undefined, '24h'),
    )
    .option('--allow-lowering', 'allow the change to lower an effective limit')
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--ticket <id>')
    .option('--json', 'print JSON')
    .action((account: string, flags: SetFlags) => set(cli, account, flags));
}

async function set(cli: Cli, account: string, flags: SetFlags): Promise<void> {
  const { api, group, subject, perMinute, perHour, factor: times, mode, starts, reason, ticket, json } = flags;
  const { extraMinute, extraHour } = flags;
  const { expires = expiry(DEFAULT_LENGTH), allowLowering } = flags;
  const spec = checked(createOverride, {
    account,
    reason,
    ...(api === undefined ? {} : { api }),
    ...(group === undefined ? {} : { group }),
    ...(subject === undefined ? {} : { dimensions: subject }),
    ...(perMinute === undefined ? {} : { perMinute: apiValue(perMinute) }),
    ...(perHour === undefined ? {} : { perHour: apiValue(perHour) }),
    ...(times === undefined ? {} : { factor: times }),
    ...(extraMinute === undefined ? {} : { extraMinute }),
    ...(extraHour === undefined ? {} : { extraHour }),
    ...(mode === undefined ? {} : { mode }),
    ...(starts === undefined ? {} : { startsAt: starts }),
    expiresAt: apiValue(expires),
    ...(allowLowering === undefined ? {} : { allowLowering }),
    ...(ticket === undefined ? {} : { ticket }),
  });
  const done = await atPolicyDesk(cli, ({ overrides, caller }) => overrides.create(spec, caller));
  if (json) return printJson(cli, done);
  cli.out(`${lineOf(done.override)}\n`);
  tellConsequences(cli, done);
}

async function list(cli: Cli, { account, state, expiring, limit: most, json }: ListFlags): Promise<void> {
  const query = checked(listOverrides, {
    state,
    limit: most,
    ...(account === undefined ? {} : { account }),
    ...(expiring === undefined ? {} : { expiringWithinHours: expiring }),
  });
  const page = await atPolicyDesk(cli, ({ overrides }) => overrides.list(query));
  if (json) return printJson(cli, page);
  if (page.items.length === 0) cli.out('None.\n');
  for (const item of page.items) cli.out(`${lineOf(item)}\n`);
  if (page.next !== null) cli.out('There are more: raise --limit.\n');
}

async function expire(cli: Cli, id: string, { reason, json }: { reason: string; json?: true }): Promise<void> {
  const body = checked(expireOverride, { reason });
  const done = await atPolicyDesk(cli, ({ overrides, caller }) => overrides.expire(id, null, body.reason, caller));
  if (json) return printJson(cli, done);
  cli.out(`${lineOf(done.override)}\n`);
  tellConsequences(cli, done);
}

async function importFile(cli: Cli, file: string, flags: ImportFlags): Promise<void> {
  await runImport({
    cli,
    input: await fileInput(file, flags),
    flags,
    noun: 'overrides',
    run: ({ imports, caller }, input, onProgress) => imports.overrides(input, { caller, onProgress }),
    textOf: (item) => [item.id?.padEnd(10), ...factsOf(item), untilText(item)].filter(Boolean).join('  '),
  });
}

function lineOf(override: OverrideView): string {
  const { id, state, reason } = override;
  return [id.padEnd(10), ...factsOf(override), state, untilText(override), reason].map(visibleText).join('  ');
}

type Facts = Pick<
  OverrideView,
  'account' | 'api' | 'group' | 'dimensions' | 'perMinute' | 'perHour' | 'factor' | 'extraMinute' | 'extraHour' | 'mode'
>;

function factsOf(override: Facts): string[] {
  const { account, api, group, dimensions, mode } = override;
  const what = [api ?? group ?? 'all APIs', ...Object.entries(dimensions ?? {}).map((pair) => pair.join('='))].join(
    ' ',
  );
  return [account, what, limitsText(override), mode ?? ''].filter(Boolean);
}

function untilText({ expiresAt }: Pick<OverrideView, 'expiresAt'>): string {
  return expiresAt === null ? 'permanent' : `until ${expiresAt}`;
}
