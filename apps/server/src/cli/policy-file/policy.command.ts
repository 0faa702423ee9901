/** The policy of a database as a file: exporting it, showing what a file would change, and applying it. */
import { writeFileSync } from 'node:fs';
import { visibleText } from '@rollgate/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { reasonText, ticketText } from '../../policy/change.schemas.js';
import { loweredLines } from '../../policy/lowered-lines.js';
import { SECTIONS, type Section } from '../../policy/policy-file/policy-content.js';
import type { Conflict } from '../../policy/policy-file/policy-diff.js';
import type { Entry } from '../../policy/policy-file/policy-entries.js';
import { PolicyFaultsError } from '../../policy/policy-file/policy-faults.js';
import type { Application, Outcome } from '../../policy/policy-file/policy-file.service.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked, type PolicyDesk } from '../policy/policy-desk.js';
import { conflictText, planJson, planLines, summaryOf } from './policy-diff-lines.js';
import { PolicyFileError, type ReadPolicyFile, readPolicyFile, writePolicyFile } from './policy-yaml.js';

interface PlanFlags {
  readonly prune?: readonly Section[];
  readonly json?: true;
}

interface ApplyFlags extends PlanFlags {
  readonly reason: string;
  readonly ticket?: string;
  readonly allowLowering?: true;
  readonly yes?: true;
}

const PRUNE = [
  '--prune <sections>',
  `what the file does not have is removed: ${SECTIONS.join(', ')}, separated by commas`,
] as const;

export function addPolicy(program: Command, cli: Cli): void {
  const policy = program.command('policy').description('default limits, plans, assignments and overrides as a file');
  policy
    .command('export')
    .description('write the policy of the database as a YAML file; the same policy gives the same bytes')
    .option('--out <file>', 'instead of the standard output')
    .action((flags: { readonly out?: string }) => exportPolicy(cli, flags));
  policy
    .command('plan')
    .description('show what applying a file would change; exit code 2 if it would change anything')
    .argument('<file>', 'a YAML file that began as an export')
    .option(...PRUNE, sections)
    .option('--json', 'print JSON')
    .action((file: string, flags: PlanFlags) => plan(cli, readPolicyFile(file), flags));
  policy
    .command('apply')
    .description('bring the database to the content of a file, all or nothing')
    .argument('<file>', 'a YAML file that began as an export')
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--ticket <id>')
    .option(...PRUNE, sections)
    .option('--allow-lowering', 'allow the file to lower limits that are in force')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON; needs --yes')
    .action((file: string, flags: ApplyFlags) => apply(cli, readPolicyFile(file), flags));
}

async function exportPolicy(cli: Cli, { out }: { readonly out?: string }): Promise<void> {
  const { exported, content } = await atPolicyDesk(cli, async ({ policyFile, record }) => {
    await record({ action: 'export', account: null, route: 'rollgate policy export', filters: {} });
    return await policyFile.export();
  });
  const text = writePolicyFile(exported, content);
  if (out === undefined) cli.out(text);
  else writeFileSync(out, text);
}

async function plan(cli: Cli, file: ReadPolicyFile, { prune, json }: PlanFlags): Promise<void> {
  const outcome = await atPolicyDesk(cli, (desk) =>
    told(file, () => desk.policyFile.plan(applicationOf(desk, file, { prune, reason: 'plan' }))),
  );
  refuseConflicts(file, outcome);
  if (outcome.made.length > 0) cli.found = 'changes';
  if (json) return printJson(cli, planJson(outcome));
  for (const line of planLines(outcome)) cli.out(`${line}\n`);
  cli.out(outcome.made.length === 0 ? 'Nothing would change.\n' : `${summaryOf(outcome.diff)}.\n`);
}

async function apply(cli: Cli, file: ReadPolicyFile, flags: ApplyFlags): Promise<void> {
  const { yes, json, allowLowering } = flags;
  const reason = checked(reasonText, flags.reason);
  const ticket = flags.ticket === undefined ? null : checked(ticketText, flags.ticket);
  if (json && !yes) throw new Error('--json needs --yes');
  await atPolicyDesk(cli, async (desk) => {
    const application = applicationOf(desk, file, { prune: flags.prune, reason, ticket });
    const refuse = (outcome: Outcome): void => {
      refuseConflicts(file, outcome);
      if (!allowLowering) refuseLowering(outcome);
    };
    let shown: Outcome | undefined;
    if (!yes) {
      shown = await told(file, () => desk.policyFile.plan(application));
      refuse(shown);
      if (!(await isConfirmed(cli, shown))) return;
    }
    const keep = (outcome: Outcome): void => {
      if (shown !== undefined && shown.fingerprint !== outcome.fingerprint) {
        throw new Error('the database has changed since the plan above: nothing was applied, start again');
      }
      refuse(outcome);
    };
    const outcome = await told(file, () => desk.policyFile.apply({ ...application, keep }));
    if (json) return printJson(cli, planJson(outcome));
    if (shown === undefined) for (const line of planLines(outcome)) cli.out(`${line}\n`);
    cli.out(outcome.made.length === 0 ? 'Nothing changed.\n' : `Applied: ${summaryOf(outcome.diff)}.\n`);
  });
}

/** Shows the plan and asks. */
async function isConfirmed(cli: Cli, outcome: Outcome): Promise<boolean> {
  for (const line of planLines(outcome)) cli.out(`${line}\n`);
  if (outcome.made.length === 0) return true;
  cli.out(`${summaryOf(outcome.diff)}.\n`);
  if (cli.ask === undefined) throw new Error('there is no terminal to ask: nothing was applied, add --yes');
  const answer = await cli.ask('Apply these changes? y/N ');
  if (/^y(es)?$/i.test(answer.trim())) return true;
  cli.out('Nothing was applied.\n');
  return false;
}

function applicationOf(
  { caller }: PolicyDesk,
  file: ReadPolicyFile,
  {
    prune = [],
    reason,
    ticket = null,
  }: { prune?: readonly Section[] | undefined; reason: string; ticket?: string | null },
): Omit<Application, 'keep'> {
  return { file, prune: new Set(prune), reason, ticket, caller };
}

/** @throws PolicyFileError with the lines of the faults */
async function told<Result>({ told: linesOf }: ReadPolicyFile, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolicyFaultsError)) throw error;
    throw new PolicyFileError(linesOf(error.faults).map(visibleText).join('\n'));
  }
}

/** @throws PolicyFileError that names each item */
function refuseConflicts(file: ReadPolicyFile, { diff, isKnown }: Outcome): void {
  if (diff.conflicts.length === 0) return;
  const [inFile, notInFile] = [true, false].map((has) =>
    diff.conflicts.filter(({ file: entry }) => (entry !== undefined) === has),
  ) as [Conflict[], Conflict[]];
  const lines = [
    ...file.told(inFile.map((one) => ({ ...(one.file as Entry), message: conflictText(one, isKnown) }))),
    ...notInFile.map((one) => conflictText(one, isKnown)),
  ].map(visibleText);
  const why = isKnown
    ? 'To keep what the database has, put it into the file, or export again and repeat your changes.'
    : 'This database does not know the export that the file began as, so it does not overwrite anything: export again, and repeat your changes.';
  throw new PolicyFileError([...lines, why].join('\n'));
}

/** That limits fall where an override is pruned needs no confirmation, as when a person expires it. */
function refuseLowering({ made }: Outcome): void {
  const lowered = made
    .filter(({ change: { section, action } }) => section !== 'overrides' || action !== 'remove')
    .flatMap((one) => one.lowered);
  if (lowered.length === 0) return;
  const lines = loweredLines(lowered).map((line) => `  ${line}`);
  throw new PolicyFileError(
    ['this lowers limits that are in force:', ...lines, 'add --allow-lowering to do it all the same'].join('\n'),
  );
}

/** `overrides,plans` */
function sections(text: string): Section[] {
  return text.split(',').map((name) => {
    const section = SECTIONS.find((one) => one === name.trim());
    if (section === undefined) throw new InvalidArgumentError(`Say ${SECTIONS.join(', ')}, separated by commas.`);
    return section;
  });
}
