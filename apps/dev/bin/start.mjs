// npm start: sets up, then runs the compiled program.
import { projectFolder, setUp } from './setup.mjs';

const HELP = `npm start: runs Rollgate on this machine, and stops it with Ctrl-C.

It installs missing packages, builds what is out of date, starts an embedded Postgres, migrates
it, and starts the service and the sample platform.

  --demo                first fill an empty database with a month of traffic, denials and changes (npm run seed)

  ROLLGATE_PORT         port of the service (default 3000)
  PLATFORM_PORT         port of the sample platform (default 3001)
  DATABASE_URL          a Postgres of your own, e.g. postgres://user:password@host:5432/database
                        (default: an embedded Postgres, which keeps its data between starts)
  DATABASE_PASSWORD     the password, unencoded, if DATABASE_URL has none
  ROLLGATE_POOLED       true: DATABASE_URL names a connection pooler in transaction mode
  ROLLGATE_DATA_FOLDER  folder of data, secrets and logs (default .rollgate)
`;

const args = process.argv.slice(2);
if (args.some((arg) => arg === '--help' || arg === '-h')) {
  process.stdout.write(HELP);
} else if (args.some((arg) => arg !== '--demo')) {
  const unknown = args.find((arg) => arg !== '--demo');
  console.error(`rollgate: unknown argument ${unknown}; settings are environment variables, see npm start -- --help`);
  process.exitCode = 1;
} else {
  setUp();
  const { start } = await import('../dist/start/start.js');
  await start({ projectFolder, env: process.env, demo: args.includes('--demo') });
}
