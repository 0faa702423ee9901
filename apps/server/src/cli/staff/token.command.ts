import { type Command, InvalidArgumentError, Option } from 'commander';
import { PERMISSIONS, type Permission, ROLES, type Role } from '../../http/permissions.js';
import { tokenNameText, viewOfToken } from '../../staff/staff.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { checkedBy } from './arguments.js';
import { atStaffDesk } from './staff-desk.js';

interface Flags {
  readonly json?: true;
}

interface CreateFlags extends Flags {
  readonly permissions: Permission[];
  readonly role: Role;
  readonly days?: number;
}

const DAY_MS = 86_400_000;

export function addTokenCommands(program: Command, cli: Cli): void {
  const token = program.command('token').description('service tokens for machines');
  const command = (name: string, description: string) =>
    token.command(name).description(description).option('--json', 'print JSON');

  command('create', 'create a service token and print it once')
    .argument('<name>', 'e.g. ci', checkedBy(tokenNameText))
    .requiredOption('--permissions <names>', 'separated by commas, e.g. catalogue.read,export', parsePermissions)
    .addOption(
      new Option('--role <role>', 'role whose approval limit applies to the token').choices(ROLES).default('support'),
    )
    .option('--days <days>', 'days until it expires (default: valid until revoked)', parseDays)
    .action((name: string, flags: CreateFlags) => create(cli, name, flags));
  command('list', 'list service tokens, newest first').action((flags: Flags) => list(cli, flags));
  command('revoke', 'revoke a service token')
    .argument('<name>', 'name or ID of the token')
    .action((name: string, flags: Flags) => revoke(cli, name, flags));
}

async function create(cli: Cli, name: string, { permissions, role, days, json }: CreateFlags): Promise<void> {
  const expiresAt = days === undefined ? null : new Date(Date.now() + days * DAY_MS);
  const { token, secret } = await atStaffDesk(cli, ({ tokens, author }) =>
    tokens.create({ name, permissions, role, expiresAt }, author),
  );
  if (json) return printJson(cli, { token: viewOfToken(token), secret });
  cli.out(`made ${name}\ntoken, shown this once: ${secret}\n`);
}

async function list(cli: Cli, { json }: Flags): Promise<void> {
  const items = (await atStaffDesk(cli, ({ tokens }) => tokens.list())).map(viewOfToken);
  if (json) return printJson(cli, { items });
  for (const { id, name, permissions, expiresAt, revokedAt } of items) {
    const state = revokedAt === null ? `until ${expiresAt ?? 'revoked'}` : `revoked ${revokedAt}`;
    cli.out(`${id.padEnd(8)}  ${name.padEnd(24)}  ${state.padEnd(32)}  ${permissions.join(', ')}\n`);
  }
}

async function revoke(cli: Cli, name: string, { json }: Flags): Promise<void> {
  const token = await atStaffDesk(cli, async ({ tokens, author }) => {
    // At most one token of a name works at a time; older ones are already revoked.
    const found = (await tokens.list()).find(
      ({ id, name: of, revokedAt }) => id === name || (of === name && revokedAt === null),
    );
    if (found === undefined) throw new Error(`there is no token "${name}" that works: see rollgate token list`);
    return tokens.revoke(found.id, author);
  });
  if (json) printJson(cli, viewOfToken(token));
  else cli.out(`${token.name} works no more\n`);
}

function parsePermissions(text: string): Permission[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(name in PERMISSIONS));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`There is no "${unknown}", only ${Object.keys(PERMISSIONS).join(', ')}.`);
  return names as Permission[];
}

function parseDays(text: string): number {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days < 1) throw new InvalidArgumentError('It must be a whole number from 1 to 9999.');
  return days;
}
