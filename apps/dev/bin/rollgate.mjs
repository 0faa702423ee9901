// npm run -s rollgate -- <command>: runs the service's command line with the database and secrets of npm start's data folder.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, projectFolder } from './setup.mjs';

/** Commands that are separate programs, because the service in production does not need them. */
const OTHER_PROGRAMS = {
  'platform-token': ['platform', 'dist', 'platform-token.js'],
  seed: ['demo', 'dist', 'seed.js'],
};

const [command, ...rest] = process.argv.slice(2);
const other = Object.hasOwn(OTHER_PROGRAMS, command ?? '') ? OTHER_PROGRAMS[command] : undefined;
const program = join(projectFolder, 'apps', ...(other ?? ['server', 'dist', 'cli.js']));
if (!existsSync(program)) fail('the programs are not built yet: run "npm start" or "npm run build" first');

const dataFolder = resolve(projectFolder, process.env.ROLLGATE_DATA_FOLDER || '.rollgate');
const env = { ...process.env };
env.ROLLGATE_JWT_SECRET_FILE ||= join(dataFolder, 'jwt-secret');
if (!env.DATABASE_URL && !env.DATABASE_URL_FILE) {
  // These settings belong to a database that DATABASE_URL names.
  delete env.DATABASE_PASSWORD;
  delete env.DATABASE_PASSWORD_FILE;
  delete env.ROLLGATE_POOLED;
  // npm start writes these files while its embedded Postgres runs. Their passwords belong to that Postgres.
  const databaseUrlFile = join(dataFolder, 'database-url');
  const auditorPasswordFile = join(dataFolder, 'auditor-password');
  if (existsSync(databaseUrlFile)) env.DATABASE_URL = readFileSync(databaseUrlFile, 'utf8').trim();
  if (existsSync(auditorPasswordFile)) {
    env.ROLLGATE_AUDITOR_LOGIN ||= 'auditor';
    env.ROLLGATE_AUDITOR_PASSWORD_FILE ||= auditorPasswordFile;
  }
}
if (command === 'platform-token' && !existsSync(env.ROLLGATE_JWT_SECRET_FILE))
  fail('the secret that signs tokens does not exist yet: run "npm start" first');

const child = spawn(process.execPath, [program, ...(other ? rest : process.argv.slice(2))], { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
