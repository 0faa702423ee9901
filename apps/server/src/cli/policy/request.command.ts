import { visibleText } from '@rollgate/contract';
import { type Command, Option } from 'commander';
import {
  approveRequest,
  declineRequest,
  listRequests,
  type RequestView,
} from '../../policy/limit-requests/limit-requests.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { atPolicyDesk, checked } from './policy-desk.js';
import { limitsText, tellConsequences } from './tell.js';
import { apiValue, expiry, factor, limit } from './typed.js';

interface ListFlags {
  readonly account?: string;
  readonly state?: string;
  readonly limit?: string;
  readonly json?: true;
}

interface ApproveFlags {
  readonly perMinute?: number | 'default';
  readonly perHour?: number | 'default';
  readonly factor?: number;
  readonly allowLowering?: true;
  readonly expires?: string;
  readonly answer?: string;
  readonly json?: true;
}

export function addRequest(program: Command, cli: Cli): void {
  const request = program.command('request').description('limit requests of customers');
  request
    .command('list')
    .description('list limit requests with recent usage; oldest open first')
    .option('--account <account>')
    .addOption(new Option('--state <state>').choices(['open', 'approved', 'declined', 'all']).default('open'))
    .option('--limit <n>', 'maximum number of rows', '50')
    .option('--json', 'print JSON')
    .action((flags: ListFlags) => list(cli, flags));
  request
    .command('approve')
    .description('approve a limit request with the requested or other values; creates the override at once')
    .argument('<id>', 'e.g. req_8')
    .option('--per-minute <units>', 'instead of the requested value', limit)
    .option('--per-hour <units>', 'instead of the requested value', limit)
    .option('--factor <times>', "multiple of each API's own default, instead of the requested value", factor)
    .option('--expires <time>', '24h, 7d, a time like 2026-12-31T12:00:00Z, or never (default: as requested)', expiry)
    .option('--allow-lowering', 'allow the change to lower an effective limit')
    .option('--answer <text>', 'answer shown to the customer')
    .option('--json', 'print JSON')
    .action((id: string, flags: ApproveFlags) => approve(cli, id, flags));
  request
    .command('decline')
    .description('decline a limit request with a reason')
    .argument('<id>', 'e.g. req_8')
    .requiredOption('--answer <text>', 'answer shown to the customer')
    .option('--json', 'print JSON')
    .action((id: string, flags: { readonly answer: string; readonly json?: true }) => decline(cli, id, flags));
}

async function list(cli: Cli, { account, state, limit: most, json }: ListFlags): Promise<void> {
  const query = checked(listRequests, { state, limit: most, ...(account === undefined ? {} : { account }) });
  const page = await atPolicyDesk(cli, ({ requests }) => requests.list(query));
  if (json) return printJson(cli, page);
  if (page.items.length === 0) cli.out('None.\n');
  for (const { request, proof } of page.items) {
    const { peak, denialsLast7Days } = proof;
    cli.out(
      `${lineOf(request)}  (peak ${peak.perMinute} a minute, ${peak.perHour} an hour; ${denialsLast7Days} denied in 7 days)\n`,
    );
  }
  if (page.next !== null) cli.out('There are more: raise --limit.\n');
}

async function approve(
  cli: Cli,
  id: string,
  { json, perMinute, perHour, factor: times, expires, answer, allowLowering }: ApproveFlags,
): Promise<void> {
  const body = checked(approveRequest, {
    ...(perMinute === undefined ? {} : { perMinute: apiValue(perMinute) }),
    ...(perHour === undefined ? {} : { perHour: apiValue(perHour) }),
    ...(times === undefined ? {} : { factor: times }),
    ...(expires === undefined ? {} : { expiresAt: apiValue(expires) }),
    ...(allowLowering === undefined ? {} : { allowLowering }),
    ...(answer === undefined ? {} : { answer }),
  });
  const done = await atPolicyDesk(cli, ({ requests, caller }) => requests.approve(id, null, body, caller));
  if (json) return printJson(cli, done);
  cli.out(`${lineOf(done.request)}\n`);
  tellConsequences(cli, done);
}

async function decline(cli: Cli, id: string, { answer, json }: { answer: string; json?: true }): Promise<void> {
  const body = checked(declineRequest, { answer });
  const request = await atPolicyDesk(cli, ({ requests, caller }) => requests.decline(id, null, body.answer, caller));
  if (json) printJson(cli, { request });
  else cli.out(`${lineOf(request)}\n`);
}

function lineOf(request: RequestView): string {
  const { id, account, api, group, state, pastDue, until, reason, overrideId, askedBy } = request;
  const what = api ?? group ?? 'all APIs';
  const due = pastDue ? `past due: wanted until ${until}` : '';
  return [id.padEnd(8), account, what, limitsText(request), state, due, overrideId ?? '', `by ${askedBy}`, reason]
    .filter(Boolean)
    .map(visibleText)
    .join('  ');
}
