// npm run -s rollgate -- <command>: the service's command line, pointed at what npm start keeps in its data folder.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail, projectFolder } from './setup.mjs';

const [command, ...rest] = process.argv.slice(2);
const ofPlatform = command === 'platform-token';
const program = join(
  projectFolder,
  'apps',
  ...(ofPlatform ? ['platform', 'dist', 'platform-token.js'] : ['server', 'dist', 'cli.js']),
);
if (!existsSync(program)) fail('nothing is built yet: run "npm start" or "npm run build" first');

const dataFolder = resolve(projectFolder, process.env.ROLLGATE_DATA_FOLDER || '.rollgate');
const databaseUrlFile = join(dataFolder, 'database-url');
const env = { ...process.env };
env.ROLLGATE_JWT_SECRET_FILE ||= join(dataFolder, 'jwt-secret');
// Written by npm start while its embedded Postgres runs.
if (!env.DATABASE_URL && existsSync(databaseUrlFile)) env.DATABASE_URL = readFileSync(databaseUrlFile, 'utf8').trim();
if (ofPlatform && !existsSync(env.ROLLGATE_JWT_SECRET_FILE))
  fail('there is no secret to sign with yet: run "npm start" first');

const args = ofPlatform ? rest : process.argv.slice(2);
const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('close', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
