/** `rollgate login …`: the database logins of programs and people. Each has the rights of one group, in one database. */
import { readFile } from 'node:fs/promises';
import type { DatabaseAddress } from '@rollgate/contract/database-address';
import {
  addLogin,
  connect,
  describeDatabase,
  ensureLogin,
  GROUPS,
  type LoginState,
  makeExclusive,
  type Purpose,
  planExclusive,
  readLogins,
  removeLogin,
  setLoginPassword,
} from '@rollgate/migrations';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type pg from 'pg';
import { readDatabaseAddress } from '../../settings.js';
import { type Cli, printJson } from '../cli.js';
import { readLine } from '../staff/arguments.js';

interface Flags {
  readonly json?: true;
}

interface PasswordFlags extends Flags {
  readonly passwordFile?: string;
  readonly passwordStdin?: true;
}

interface AddFlags extends PasswordFlags {
  readonly as: Purpose;
  readonly connections?: number;
  readonly ensure?: true;
}

const PURPOSES = Object.keys(GROUPS) as Purpose[];

export function addLoginCommands(program: Command, cli: Cli): void {
  const login = program.command('login').description('database logins of programs and people, one each');
  const command = (name: string, description: string) =>
    login.command(name).description(description).option('--json', 'print JSON');
  const withPassword = (made: Command) =>
    made
      .addOption(new Option('--password-file <file>', 'take the password from a file').conflicts('passwordStdin'))
      .option(
        '--password-stdin',
        'take the password from stdin; by default a random one is generated and printed once',
      );

  withPassword(command('add', 'create a login that has the rights of one group and may connect to this database'))
    .argument('<name>', 'e.g. shop-api or mia')
    .addOption(
      new Option('--as <purpose>', 'purpose, which determines the group').choices(PURPOSES).makeOptionMandatory(),
    )
    .option(
      '--connections <number>',
      'maximum simultaneous sessions (default: 10 for an auditor, no limit for others)',
      connections,
    )
    .option('--ensure', 'if the login exists, only set the password from --password-file or --password-stdin')
    .action((name: string, flags: AddFlags) => add(cli, name, flags));
  withPassword(command('password', 'give a login a new password'))
    .argument('<name>')
    .action((name: string, flags: PasswordFlags) => changePassword(cli, name, flags));
  command('list', 'list every login with rights here, including logins of other databases that can connect').action(
    (flags: Flags) => list(cli, flags),
  );
  command('remove', 'remove a login and end its sessions')
    .argument('<name>')
    .action((name: string, flags: Flags) => remove(cli, name, flags));
  command(
    'exclusive',
    'allow only logins created for this database to connect; without --apply only show what would change',
  )
    .option('--apply', 'make the changes')
    .action((flags: Flags & { readonly apply?: true }) => exclusive(cli, flags));
}

function connections(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new InvalidArgumentError('It must be a whole number, 1 to 9999.');
  return value;
}

async function add(cli: Cli, name: string, flags: AddFlags): Promise<void> {
  const { as, json } = flags;
  const given = await readPassword(flags);
  const { made, open } = await atLogins(cli, async (client) => ({
    made: await make(client, { name, given, flags }),
    open: (await planExclusive(client)).open,
  }));
  // Do not print a password that the user supplied: the user already knows it.
  const shown = given === undefined ? made : undefined;
  const address = readDatabaseAddress(cli.environment);
  const databaseUrl = urlOf(address, name, shown);
  const database = describeDatabase(address.databaseUrl);
  if (json) return printJson(cli, { name, as, database, password: shown ?? null, databaseUrl, databaseIsOpen: open });
  cli.out(`${name} may sign in to ${database} as ${as}\n`);
  printPassword(cli, databaseUrl, shown);
  if (open)
    cli.err(
      'rollgate: logins of other databases on this server may connect too: "rollgate login exclusive" shows who and closes it\n',
    );
}

async function make(
  client: pg.Client,
  { name, given, flags }: { name: string; given: string | undefined; flags: AddFlags },
): Promise<string> {
  const login = { name, purpose: flags.as, connectionLimit: flags.connections };
  if (!flags.ensure) return await addLogin(client, { ...login, password: given });
  if (given === undefined) throw new Error('--ensure needs --password-file or --password-stdin');
  await ensureLogin(client, { ...login, password: given });
  return given;
}

async function changePassword(cli: Cli, name: string, { json, ...flags }: PasswordFlags): Promise<void> {
  const given = await readPassword(flags);
  const made = await atLogins(cli, (client) => setLoginPassword(client, name, given));
  const shown = given === undefined ? made : undefined;
  const databaseUrl = urlOf(readDatabaseAddress(cli.environment), name, shown);
  if (json) return printJson(cli, { name, password: shown ?? null, databaseUrl });
  cli.out(`${name} has a new password; open sessions go on\n`);
  printPassword(cli, databaseUrl, shown);
}

async function list(cli: Cli, { json }: Flags): Promise<void> {
  const items = await atLogins(cli, readLogins);
  if (json) return printJson(cli, { items });
  for (const login of items)
    cli.out(`${login.name.padEnd(24)}  ${login.as.join(', ').padEnd(12)}  ${describe(login)}\n`);
  if (items.length === 0) cli.out('no login: make one with "rollgate login add"\n');
}

function describe({
  belongsHere,
  connects,
  canLogin,
  inherits,
  expired,
  sessions,
  connectionLimit,
}: LoginState): string {
  const limit = connectionLimit < 0 ? '' : ` of ${connectionLimit}`;
  const facts = [`${sessions}${limit} ${sessions === 1 && limit === '' ? 'connection' : 'connections'}`];
  if (!belongsHere) facts.push(connects ? 'of another database, and may connect here too' : 'of another database');
  else if (!connects) facts.push('may not connect');
  if (!canLogin) facts.push('may not sign in');
  if (expired) facts.push('password expired');
  if (!inherits) facts.push('has its rights only after SET ROLE');
  return facts.join(', ');
}

async function remove(cli: Cli, name: string, { json }: Flags): Promise<void> {
  const left = await atLogins(cli, (client) => removeLogin(client, name));
  if (json) return printJson(cli, { name, sessionsLeft: left });
  cli.out(`${name} is removed\n`);
  if (left > 0) cli.err(`rollgate: ${left} of its sessions go on: a superuser ends them with pg_terminate_backend\n`);
}

async function exclusive(cli: Cli, { apply, json }: Flags & { readonly apply?: true }): Promise<void> {
  const plan = await atLogins(cli, apply ? makeExclusive : planExclusive);
  if (json) return printJson(cli, { ...plan, applied: apply === true });
  const { database, open, given, closedOut } = plan;
  if (!open) return cli.out(`${database} is closed: only logins that were given it may connect\n`);
  const will = apply ? '' : 'would ';
  cli.out(`${will}keep, with CONNECT of its own: ${given.join(', ') || 'none'}\n`);
  cli.out(`${will}no longer connect to ${database}: ${closedOut.join(', ') || 'none'}\n`);
  cli.out(
    apply ? `CONNECT on ${database} was taken from PUBLIC\n` : 'Nothing was changed. Run it again with --apply.\n',
  );
}

async function readPassword({ passwordFile, passwordStdin }: PasswordFlags): Promise<string | undefined> {
  if (passwordStdin) return await readLine();
  if (passwordFile === undefined) return undefined;
  try {
    return (await readFile(passwordFile, 'utf8')).split(/\r?\n/, 1)[0] ?? '';
  } catch (error) {
    throw new Error(`${passwordFile} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function urlOf({ databaseUrl }: DatabaseAddress, name: string, password: string | undefined): string {
  const url = new URL(databaseUrl);
  url.username = name;
  url.password = password === undefined ? '' : encodeURIComponent(password);
  return url.href;
}

function printPassword(cli: Cli, databaseUrl: string, password: string | undefined): void {
  const note = password === undefined ? 'The password that was given is left out.' : 'The password is not shown again.';
  cli.out(`DATABASE_URL=${databaseUrl}\n${note}\n`);
}

async function atLogins<Result>(cli: Cli, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = await connect({ ...readDatabaseAddress(cli.environment), applicationName: 'rollgate-cli' });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
