/** Program: `platform-token --account acme` prints a bearer token and nothing else, for use in a shell. */
import { parseArgs } from 'node:util';
import { SettingsError } from '@rollgate/contract/environment';
import { signToken, TokenError } from './auth/tokens.js';
import { readJwtSecret } from './settings.js';

const HELP = `Prints a bearer token for the sample platform.

  platform-token --account <account> [--app <name>] [--expires <time>]

  --account   the account that calls, e.g. acme
  --app       the name of the calling program
  --expires   time until the token expires: a number and s, m, h or d (default 30d)
  --help      show this help

The secret is read from ROLLGATE_JWT_SECRET, or from the file ROLLGATE_JWT_SECRET_FILE.
`;

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const MAX_SECONDS = 3650 * 86_400;

class UsageError extends Error {}

async function run(args: string[]): Promise<string> {
  const { account, app, expires = '30d', help } = readArguments(args);
  if (help) return HELP;
  if (account === undefined) throw new UsageError('--account is missing, e.g. --account acme');
  const expiresInSeconds = secondsOf(expires);
  const secret = readJwtSecret(process.env);
  return `${await signToken({ secret, account, app, expiresInSeconds })}\n`;
}

function readArguments(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        account: { type: 'string' },
        app: { type: 'string' },
        expires: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function secondsOf(expires: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(expires) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[String(unit)] ?? Number.NaN);
  if (seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError('--expires takes a number and s, m, h or d, from 1s to 3650d, e.g. 30d');
}

try {
  process.stdout.write(await run(process.argv.slice(2)));
} catch (error) {
  const clear = error instanceof UsageError || error instanceof SettingsError || error instanceof TokenError;
  if (!clear) throw error;
  process.stderr.write(`platform-token: ${error.message}\n${error instanceof UsageError ? 'Try --help.\n' : ''}`);
  process.exitCode = 1;
}
