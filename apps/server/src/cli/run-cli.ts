/** The command line. Exit codes: 0 success, 1 failure or a problem found, 2 wrong usage, or changes that a plan shows. */

import type { Environment } from '@rollgate/contract/environment';
import { CatalogueConflictError } from '@rollgate/limiter';
import { Command, CommanderError } from 'commander';
import { failureLines } from '../failure-lines.js';
import { VERSION } from '../operations/version.js';
import { addCatalogue } from './catalogue/catalogue.command.js';
import { CatalogueFileError } from './catalogue/catalogue-file.js';
import type { Cli } from './cli.js';
import { addDoctor } from './doctor/doctor.command.js';
import { addExplain } from './explain/explain.command.js';
import { addLoginCommands } from './login/login.command.js';
import { addMigrate } from './migrate/migrate.command.js';
import { addAccount } from './policy/account.command.js';
import { addAudit } from './policy/audit.command.js';
import { addLimit } from './policy/limit.command.js';
import { addOverride } from './policy/override.command.js';
import { addPlan } from './policy/plan.command.js';
import { addRequest } from './policy/request.command.js';
import { addWhatIf } from './policy/what-if.command.js';
import { addPolicy } from './policy-file/policy.command.js';
import { PolicyFileError } from './policy-file/policy-yaml.js';
import { addServe } from './serve/serve.command.js';
import { StatementError } from './sql/auditor-session.js';
import { addSql } from './sql/sql.command.js';
import { addStaff } from './staff/staff.command.js';

export interface RunCliOptions {
  /** Without the Node.js executable and the script. */
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Resolves to what a person types; left out: there is no terminal. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

/** Errors whose message is printed whole. */
const HAVE_LINES = [StatementError, CatalogueConflictError, CatalogueFileError, PolicyFileError];

const EXIT_CODES = { 'nothing wrong': 0, 'something wrong': 1, changes: 2 } as const;

/** Resolves to the exit code. */
export async function runCli({ args, environment, out, err, ask }: RunCliOptions): Promise<0 | 1 | 2> {
  const cli: Cli = { environment, out, err, ask, found: 'nothing wrong' };
  try {
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return EXIT_CODES[cli.found];
  } catch (error) {
    // Commander has already printed it. It also throws after printing help or the version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const isWhole = HAVE_LINES.some((type) => error instanceof type);
    const lines = isWhole ? (error as Error).message.split('\n') : failureLines(error);
    for (const line of lines) err(`rollgate: ${line}\n`);
    return 1;
  }
}

function createProgram(cli: Cli): Command {
  const program = new Command('rollgate')
    .description('Rolling rate limits on Postgres. Connects to the database in DATABASE_URL or DATABASE_URL_FILE.')
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: cli.out,
      writeErr: cli.err,
      outputError: (text, write) => write(`rollgate: ${usageLine(text)}\n`),
    });
  addServe(program);
  addMigrate(program, cli);
  addLoginCommands(program, cli);
  addDoctor(program, cli);
  addCatalogue(program, cli);
  addAccount(program, cli);
  addLimit(program, cli);
  addOverride(program, cli);
  addPlan(program, cli);
  addWhatIf(program, cli);
  addPolicy(program, cli);
  addRequest(program, cli);
  addAudit(program, cli);
  addStaff(program, cli);
  addSql(program, cli);
  addExplain(program, cli);
  return program;
}

/** Commander prints `error: …`, and a suggestion on a second line. */
function usageLine(text: string): string {
  return `${text
    .replace(/^error: /, '')
    .trim()
    .replace(/\n/g, ' ')}; see rollgate --help`;
}
