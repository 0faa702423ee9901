import { visibleText } from '@rollgate/contract';
import { type Command, Option } from 'commander';
import {
  type AssignmentView,
  assignPlan,
  changePlan,
  createPlan,
  listPlanAccounts,
  type PlanView,
  planAccountParams,
  planId,
  previewPlan,
} from '../../policy/plans/plans.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { addPlanImports, assignByPattern } from './plan-import.js';
import { atPolicyDesk, checked } from './policy-desk.js';
import { limitsText, tellConsequences } from './tell.js';
import { apiValue, expiry, planLimit, start } from './typed.js';

interface Json {
  readonly json?: true;
}

interface SetFlags extends Json {
  readonly title?: string;
  readonly description?: string;
  readonly limit?: object[];
  readonly retire?: true;
  readonly restore?: true;
  readonly allowLowering?: true;
  readonly reason: string;
}

interface AccountsFlags extends Json {
  readonly state: string;
  readonly limit: string;
}

interface AssignFlags extends Json {
  readonly starts?: string;
  readonly ends?: string;
  readonly allowLowering?: true;
  readonly reason: string;
  readonly ticket?: string;
  readonly pattern?: string;
  readonly dryRun?: true;
}

interface EndFlags extends AssignFlags {
  readonly assignment?: string;
}

const STATES = ['inForce', 'upcoming', 'expired', 'all'];

const LIMIT = [
  '--limit <scope:limits>',
  'all:2x, group=<group>:600/min, api=<api>:300/min,9000/h; 0 blocks; repeat for each limit; replaces all limits of the plan',
] as const;

export function addPlan(program: Command, cli: Cli): void {
  const plan = program.command('plan').description('plans: named sets of limits that accounts are assigned to');
  plan
    .command('list')
    .description('list plans with the number of their accounts')
    .option('--json', 'print JSON')
    .action((flags: Json) => list(cli, flags));
  plan
    .command('show')
    .description('one plan with its limits')
    .argument('<plan>')
    .option('--json', 'print JSON')
    .action((id: string, flags: Json) => show(cli, id, flags));
  plan
    .command('set')
    .description('create a plan, or change it: what is left out stays')
    .argument('<plan>', 'id, e.g. pro')
    .option('--title <text>')
    .option('--description <text>')
    .option(...LIMIT, planLimit)
    .option('--retire', 'it can no longer be assigned; accounts that have it keep it')
    .option('--restore', 'it can be assigned again')
    .option('--allow-lowering', 'allow the change to lower limits of accounts on the plan')
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--json', 'print JSON')
    .action((id: string, flags: SetFlags) => set(cli, id, flags));
  plan
    .command('preview')
    .description('what a plan would change with these limits, and for how many accounts; changes nothing')
    .argument('<plan>')
    .requiredOption(...LIMIT, planLimit)
    .option('--json', 'print JSON')
    .action((id: string, flags: Json & { readonly limit: object[] }) => preview(cli, id, flags));
  plan
    .command('accounts')
    .description('who is on a plan by assignment, newest first')
    .argument('<plan>')
    .addOption(new Option('--state <state>', 'which assignments').choices(STATES).default('inForce'))
    .option('--limit <n>', 'maximum number of rows', '50')
    .option('--json', 'print JSON')
    .action((id: string, flags: AccountsFlags) => accounts(cli, id, flags));
  addAssign(plan, cli);
}

function addAssign(plan: Command, cli: Cli): void {
  plan
    .command('assign')
    .description('assign a plan to an account, or with --pattern to many; the assignment before it ends')
    .usage('<account> <plan> | --pattern <pattern> <plan>')
    .argument('<names...>', 'the account and the plan; with --pattern only the plan')
    .option(
      '--pattern <pattern>',
      'all known accounts that match, e.g. "acme-*"; * stands for any characters, ? for one',
    )
    .option('--dry-run', 'with --pattern: print what it would make; change nothing')
    .option('--starts <time>', 'start time: a delay like 2h, or a time like 2026-12-31T12:00:00Z (default: now)', start)
    .option('--ends <time>', 'end time: 24h, 7d, a time like 2026-12-31T12:00:00Z, or never (default: never)', expiry)
    .option('--allow-lowering', "allow it to lower the account's limits, also at its end")
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--ticket <id>')
    .option('--json', 'print JSON')
    .action((names: string[], flags: AssignFlags) => assign(cli, names, flags));
  plan
    .command('end')
    .description("end an account's plan, now or at a time, or cancel a scheduled one")
    .argument('<account>')
    .option(
      '--assignment <id>',
      'a scheduled assignment, as "plan accounts --state upcoming" prints it (default: the one in force)',
    )
    .option('--ends <time>', 'a delay like 2h, or a time like 2026-12-31T12:00:00Z (default: now)', start)
    .option('--allow-lowering', "allow it to lower the account's limits")
    .requiredOption('--reason <text>', 'reason, recorded in the history')
    .option('--json', 'print JSON')
    .action((account: string, flags: EndFlags) => end(cli, account, flags));
  addPlanImports(plan, cli);
}

async function list(cli: Cli, { json }: Json): Promise<void> {
  const page = await atPolicyDesk(cli, ({ plans }) => plans.list());
  if (json) return printJson(cli, page);
  if (page.items.length === 0) cli.out('None.\n');
  for (const item of page.items) cli.out(`${lineOf(item)}\n`);
}

async function show(cli: Cli, id: string, { json }: Json): Promise<void> {
  const found = await atPolicyDesk(cli, ({ plans }) => plans.find(id));
  if (json) return printJson(cli, found);
  tellPlan(cli, found);
}

async function set(cli: Cli, id: string, flags: SetFlags): Promise<void> {
  const { title, description, limit: limits, retire, restore, allowLowering, reason, json } = flags;
  if (retire && restore) throw new Error('Say --retire or --restore, not both.');
  const given = {
    reason,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
    ...(limits === undefined ? {} : { limits }),
  };
  const done = await atPolicyDesk(cli, async ({ plans, caller }) => {
    const known = (await plans.list()).items.some((one) => one.id === id);
    if (!known) return await plans.create(checked(createPlan, { id, ...given }), caller);
    const retired = retire ?? (restore ? false : undefined);
    const change = {
      ...given,
      ...(retired === undefined ? {} : { retired }),
      ...(allowLowering === undefined ? {} : { allowLowering }),
    };
    return await plans.change({ id, version: null }, checked(changePlan, change), caller);
  });
  if (json) return printJson(cli, done);
  tellPlan(cli, done.plan);
  tellConsequences(cli, done);
}

async function preview(cli: Cli, id: string, { limit, json }: Json & { readonly limit: object[] }): Promise<void> {
  const { limits } = checked(previewPlan, { limits: limit });
  const found = await atPolicyDesk(cli, ({ plans }) => plans.preview(checked(planId, id), limits));
  if (json) return printJson(cli, found);
  cli.out(`${found.accounts} accounts are assigned to the plan.\n`);
  for (const { api, before, after } of found.effects) {
    if (before.perMinute === after.perMinute && before.perHour === after.perHour) continue;
    cli.out(`  ${visibleText(api)}: ${both(before)} -> ${both(after)}\n`);
  }
  tellConsequences(cli, found);
}

async function accounts(cli: Cli, id: string, { state, limit, json }: AccountsFlags): Promise<void> {
  const query = checked(listPlanAccounts, { state, limit });
  const page = await atPolicyDesk(cli, async ({ plans, assignments }) => {
    await plans.find(id);
    return await assignments.list(id, query);
  });
  if (json) return printJson(cli, page);
  if (page.items.length === 0) cli.out('None.\n');
  for (const item of page.items) cli.out(`${assignmentLine(item)}\n`);
  if (page.next !== null) cli.out('There are more: raise --limit.\n');
}

async function assign(cli: Cli, names: readonly string[], flags: AssignFlags): Promise<void> {
  const { starts, ends, allowLowering, reason, ticket, pattern, dryRun, json } = flags;
  const times = {
    ...(starts === undefined ? {} : { startsAt: starts }),
    ...(ends === undefined ? {} : { endsAt: apiValue(ends) }),
  };
  const [account, id, more] = pattern === undefined ? names : [pattern, ...names];
  if (account === undefined || id === undefined || more !== undefined) {
    throw new Error('Say an account and a plan, or --pattern and a plan.');
  }
  if (pattern !== undefined) return await assignByPattern(cli, { pattern, plan: id, ...times }, flags);
  if (dryRun) throw new Error('--dry-run needs --pattern.');
  const input = checked(assignPlan, {
    plan: id,
    reason,
    ...times,
    ...(allowLowering === undefined ? {} : { allowLowering }),
    ...(ticket === undefined ? {} : { ticket }),
  });
  const whose = checked(planAccountParams, { account }).account;
  const done = await atPolicyDesk(cli, ({ assignments, caller }) => assignments.assign(whose, input, caller));
  if (json) return printJson(cli, done);
  cli.out(`${assignmentLine(done.assignment)}\n`);
  tellConsequences(cli, done);
}

async function end(cli: Cli, name: string, { ends, assignment, allowLowering, reason, json }: EndFlags): Promise<void> {
  const { account } = checked(planAccountParams, { account: name });
  const done = await atPolicyDesk(cli, async ({ assignments, caller }) => {
    const { current, others } = await assignments.ofAccount(account);
    const one = assignment === undefined ? current : [current, ...others].find((other) => other?.id === assignment);
    if (one === null) throw new Error(`The account "${account}" has no plan now.`);
    if (one === undefined) throw new Error(`The account "${account}" has no assignment "${assignment}".`);
    const ended = { account, version: one.version, assignment: one.id, endsAt: ends, reason, allowLowering };
    return await assignments.end(ended, caller);
  });
  if (json) return printJson(cli, done);
  cli.out(`${assignmentLine(done.assignment)}\n`);
  tellConsequences(cli, done);
}

function lineOf({ id, title, accounts: count, limits, retiredAt }: PlanView): string {
  return [id.padEnd(16), title, `${count} accounts`, `${limits.length} limits`, retiredAt === null ? '' : 'retired']
    .filter(Boolean)
    .map(visibleText)
    .join('  ');
}

function tellPlan(cli: Cli, plan: PlanView): void {
  cli.out(`${lineOf(plan)}\n`);
  for (const limit of plan.limits) {
    cli.out(`  ${visibleText(limit.api ?? limit.group ?? 'all APIs')}: ${limitsText(limit)}\n`);
  }
}

function assignmentLine({ id, account, plan, state, startsAt, endsAt, reason }: AssignmentView): string {
  const until = endsAt === null ? 'without end' : `until ${endsAt}`;
  return [id.padEnd(10), account, plan, state, `from ${startsAt}`, until, reason].map(visibleText).join('  ');
}

function both({ perMinute, perHour }: { perMinute: number; perHour: number }): string {
  return `${perMinute} a minute, ${perHour} an hour`;
}
