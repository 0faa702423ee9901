import { type Command, Option } from 'commander';
import type { WithPassword } from '../../authentication/password-change.js';
import { loginText } from '../../authentication/session.schemas.js';
import type { Staff } from '../../authentication/staff.entity.js';
import { ROLES, type Role } from '../../http/permissions.js';
import type { PersonChanges } from '../../staff/people.js';
import { viewOfStaff } from '../../staff/staff.schemas.js';
import { type Cli, printJson } from '../cli.js';
import { checkedBy, readLine } from './arguments.js';
import { atStaffDesk, type StaffDesk } from './staff-desk.js';
import { addTokenCommands } from './token.command.js';

interface Flags {
  readonly json?: true;
}

interface PasswordFlags extends Flags {
  readonly passwordStdin?: true;
}

interface ReasonFlags extends Flags {
  readonly reason?: string;
}

/** `rollgate staff …` and `rollgate token …`. They also restore access when no admin can sign in. */
export function addStaff(program: Command, cli: Cli): void {
  const staff = program.command('staff').description('people who may sign in to the service');
  const command = (name: string, description: string) =>
    staff.command(name).description(description).option('--json', 'print JSON');
  const aboutPerson = (name: string, description: string) =>
    command(name, description).argument('<login>', 'e.g. ann@example.com', checkedBy(loginText));
  const withPassword = (made: Command) =>
    made.option(
      '--password-stdin',
      'take the password from stdin; by default a random one is generated and printed once',
    );

  command('list', 'list all people, including disabled ones').action((flags: Flags) => list(cli, flags));
  withPassword(aboutPerson('add', 'add a person who signs in with a password'))
    .addOption(new Option('--role <role>', 'role of the person').choices(ROLES).makeOptionMandatory())
    .option('--name <name>', 'display name (default: the login)')
    .action((login: string, flags: PasswordFlags & { role: Role; name?: string }) => add(cli, login, flags));
  withPassword(aboutPerson('reset', 'set a new password for a person; ends all sessions of the person')).action(
    (login: string, flags: PasswordFlags) => reset(cli, login, flags),
  );
  withReason(aboutPerson('disable', 'disable a person and end their sessions at once')).action(
    (login: string, flags: ReasonFlags) => change(cli, { login, changes: { disabled: true }, flags }),
  );
  withReason(aboutPerson('enable', 'allow a disabled person to sign in again')).action(
    (login: string, flags: ReasonFlags) => change(cli, { login, changes: { disabled: false }, flags }),
  );
  withReason(aboutPerson('role', 'change the role of a person'))
    .addArgument(staff.createArgument('<role>', 'role of the person').choices(ROLES))
    .action((login: string, role: Role, flags: ReasonFlags) => change(cli, { login, changes: { role }, flags }));
  addTokenCommands(program, cli);
}

function withReason(made: Command): Command {
  return made.option('--reason <text>', 'reason, recorded in the history');
}

async function list(cli: Cli, { json }: Flags): Promise<void> {
  const items = (await atStaffDesk(cli, ({ people }) => people.list())).map(viewOfStaff);
  if (json) return printJson(cli, { items });
  for (const { login, role, disabledAt, lastSignInAt } of items) {
    const state = disabledAt === null ? `last signed in: ${lastSignInAt ?? 'never'}` : `disabled since ${disabledAt}`;
    cli.out(`${login.padEnd(32)}  ${role.padEnd(8)}  ${state}\n`);
  }
}

async function add(
  cli: Cli,
  login: string,
  { role, name: displayName, passwordStdin, json }: PasswordFlags & { role: Role; name?: string },
): Promise<void> {
  const password = passwordStdin ? await readLine() : undefined;
  const added = await atStaffDesk(cli, ({ people, author }) =>
    people.add({ login, displayName, role, password }, author),
  );
  printWithPassword(cli, added, { json, done: `added ${login} as ${role}` });
}

async function reset(cli: Cli, login: string, { passwordStdin, json }: PasswordFlags): Promise<void> {
  const password = passwordStdin ? await readLine() : undefined;
  const changed = await atStaffDesk(cli, async (desk) =>
    desk.passwords.set((await personOf(desk, login)).id, { password }, desk.author),
  );
  printWithPassword(cli, changed, { json, done: `${login} has another password` });
}

async function change(
  cli: Cli,
  { login, changes, flags }: { login: string; changes: PersonChanges; flags: ReasonFlags },
): Promise<void> {
  const person = await atStaffDesk(cli, async (desk) =>
    desk.people.change((await personOf(desk, login)).id, changes, desk.author, flags.reason),
  );
  if (flags.json) return printJson(cli, viewOfStaff(person));
  cli.out(`${login} is ${person.role}, ${person.disabledAt === null ? 'enabled' : 'disabled'}\n`);
}

/** @throws Error for an unknown login */
async function personOf({ people }: StaffDesk, login: string): Promise<Staff> {
  const person = await people.findByLogin(login);
  if (person === null) throw new Error(`there is no "${login}": see rollgate staff list`);
  return person;
}

function printWithPassword(
  cli: Cli,
  { person, password }: WithPassword,
  { json, done }: { json: true | undefined; done: string },
): void {
  if (json) printJson(cli, { staff: viewOfStaff(person), password });
  else cli.out(`${done}\n${password === null ? '' : `password, shown this once: ${password}\n`}`);
}
