// npm start. Sets up, then hands over to the compiled program.
import { projectFolder, setUp } from './setup.mjs';

const HELP = `npm start: runs Rollgate on this machine, and stops it with Ctrl-C.

It installs what is missing, builds what is stale, starts an embedded Postgres, migrates it,
and starts the service and the sample platform.

  --demo                fills an empty database first, with a month of traffic, denials and changes (npm run seed)

  ROLLGATE_PORT         port of the service (default 3000)
  PLATFORM_PORT         port of the sample platform (default 3001)
  DATABASE_URL          a Postgres of your own, e.g. postgres://user:password@host:5432/database
                        (default: an embedded one, its data is kept between starts)
  DATABASE_PASSWORD     its password as it is, when DATABASE_URL has none
  ROLLGATE_POOLED       true: that address is a connection pooler in transaction mode
  ROLLGATE_DATA_FOLDER  where data, secret and logs are kept (default .rollgate)
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
