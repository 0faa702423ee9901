import { readFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { readAuditorPassword, readDatabaseAddress } from '../../settings.js';
import type { Cli } from '../cli.js';
import { AUDITOR, AuditorSession } from './auditor-session.js';
import { FORMATS, type Format, printed } from './print-rows.js';
import { repl } from './repl.js';
import { splitStatements } from './statements.js';

interface SqlFlags {
  readonly command?: string;
  readonly file?: string;
  readonly format: Format;
  readonly url?: true;
}

export function addSql(program: Command, cli: Cli): void {
  program
    .command('sql')
    .description('ask the audit views in SQL: a read-only session as rollgate_auditor; statements from -c, -f or stdin')
    .addOption(new Option('-c, --command <sql>', 'run these statements').conflicts(['file', 'url']))
    .addOption(new Option('-f, --file <file>', 'run the statements of a file').conflicts('url'))
    .addOption(new Option('--format <format>', 'how rows are printed').choices(FORMATS).default('table'))
    .option('--url', 'print a connection string for psql or a BI tool instead')
    .action((flags: SqlFlags) => runSql(cli, flags));
}

async function runSql(cli: Cli, { command, file, format, url }: SqlFlags): Promise<void> {
  const address = readDatabaseAddress(cli.environment);
  if (url) return printUrl(cli, address.databaseUrl);
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

/** The string alone on stdout, so that it can be piped on. */
function printUrl(cli: Cli, databaseUrl: string): void {
  const url = new URL(databaseUrl);
  const password = readAuditorPassword(cli.environment);
  url.username = AUDITOR;
  url.password = password === undefined ? '' : encodeURIComponent(password);
  cli.out(`${url.href}\n`);
  if (password !== undefined) return;
  cli.err(
    `rollgate: the password is left out: ROLLGATE_AUDITOR_PASSWORD, or ROLLGATE_AUDITOR_PASSWORD_FILE, says it;\n` +
      `rollgate: a superuser sets one with ALTER ROLE ${AUDITOR} PASSWORD '…'\n`,
  );
}
