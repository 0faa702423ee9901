import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { readAuditor, readDatabaseAddress } from '../../settings.js';
import type { Cli } from '../cli.js';
import { AuditorSession } from './auditor-session.js';
import { FORMATS, type Format, printed } from './print-rows.js';
import { repl } from './repl.js';
import { splitStatements } from './statements.js';

interface SqlFlags {
  readonly command?: string;
  readonly file?: string;
  readonly format: Format;
  readonly url?: true;
  readonly login?: string;
}

export function addSql(program: Command, cli: Cli): void {
  program
    .command('sql')
    .description(
      'query the audit views in SQL: a read-only session with the rights of an auditor; statements from -c, -f or stdin',
    )
    .addOption(new Option('-c, --command <sql>', 'run these statements').conflicts(['file', 'url']))
    .addOption(new Option('-f, --file <file>', 'run the statements of a file').conflicts('url'))
    .addOption(new Option('--format <format>', 'how rows are printed').choices(FORMATS).default('table'))
    .option('--url', 'print a connection string for psql or a BI tool instead')
    .option('--login <name>', "with --url: the auditor's login (default: ROLLGATE_AUDITOR_LOGIN)")
    .action((flags: SqlFlags) => runSql(cli, flags));
}

async function runSql(cli: Cli, { command, file, format, url, login }: SqlFlags): Promise<void> {
  const address = readDatabaseAddress(cli.environment);
  if (url) return printUrl(cli, address.databaseUrl, login);
  const script = command ?? (file === undefined ? undefined : await readScript(file));
  const session = new AuditorSession(address);
  await session.open();
  try {
    if (script === undefined) return await repl({ cli, session, format, input: process.stdin });
    const { statements, rest } = splitStatements(script);
    for (const statement of rest === '' ? statements : [...statements, rest.trim()])
      cli.out(printed(await session.run(statement), format));
  } finally {
    await session.close();
  }
}

async function readScript(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Prints only the string on stdout, so that it can be piped. */
function printUrl(cli: Cli, databaseUrl: string, named: string | undefined): void {
  const { login, password } = readAuditor(cli.environment);
  const name = named ?? login;
  if (name === undefined)
    throw new Error(
      '--url needs the auditor\'s login: name it with --login or ROLLGATE_AUDITOR_LOGIN; "rollgate login add NAME --as auditor" makes one',
    );
  const url = new URL(databaseUrl);
  url.username = name;
  // Keep the password only for the login that the environment names.
  const known = named === undefined || named === login ? password : undefined;
  url.password = known === undefined ? '' : encodeURIComponent(known);
  cli.out(`${url.href}\n`);
  if (known === undefined)
    cli.err(
      'rollgate: the password is left out: set ROLLGATE_AUDITOR_PASSWORD or ROLLGATE_AUDITOR_PASSWORD_FILE to include it\n',
    );
}
