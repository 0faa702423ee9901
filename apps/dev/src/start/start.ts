import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '@rollgate/migrations';
import { type Database, openDatabase } from './database.js';
import { fillForDemo } from './demo.js';
import { ensureAdmin, type FirstAdmin } from './first-admin.js';
import { checkPortsFree } from './ports.js';
import { lastLines, output, type Program, startProgram, untilHealthy } from './program.js';
import { databaseUrls } from './roles.js';
import { openRunRecord, type RunRecord } from './run-record.js';
import { ensureSecret } from './secret.js';
import { readSettings, type SettingSources, type Settings } from './settings.js';
import { listenForStop } from './stop-signals.js';

// Invariant: whatever way it ends, everything started here is stopped in reverse order: programs first, then the database.

const READY_TIMEOUT_MS = 60_000;
const PRELOAD = fileURLToPath(new URL('../../bin/end-with-parent.mjs', import.meta.url));

/** A program or the database ended, or never answered. The message is for the terminal as it is. */
class StartFailure extends Error {}

/** Runs until it is told to stop, then ends the process: 0 after a clean stop, 1 after a failure, 130 when forced. */
export async function start(sources: SettingSources): Promise<never> {
  const running: Running = { programs: [], stopping: false };
  const { requested } = listenForStop(() => force(running));
  let exitCode = 0;
  try {
    const settings = readSettings(sources);
    const stopped = requested.then(() => 'stop' as const);
    const up = bringUp({ settings, running, env: sources.env });
    // A failure after a stop was asked for is only the echo of that stop.
    up.catch(() => undefined);
    if ((await Promise.race([up, stopped])) !== 'stop') await Promise.race([stopped, firstEnd(running)]);
    say('\nStopping …');
    running.stopping = true;
    await Promise.all(running.programs.map((program) => program.stop()));
    await up.catch(() => undefined);
  } catch (error) {
    exitCode = 1;
    console.error(
      `rollgate: ${sources.env['ROLLGATE_TRACE'] === undefined ? (error as Error).message : (error as Error).stack}`,
    );
  }
  await stopAll(running);
  process.exit(exitCode);
}

interface Running {
  record?: RunRecord;
  database?: Database;
  readonly programs: Program[];
  stopping: boolean;
}

interface BringUp {
  readonly settings: Settings;
  readonly running: Running;
  readonly env: SettingSources['env'];
}

async function bringUp({ settings, running, env }: BringUp): Promise<void> {
  const { dataFolder, servicePort, platformPort, projectFolder } = settings;
  await mkdir(dataFolder, { recursive: true });
  running.record = await openRunRecord(dataFolder);
  await checkPortsFree([
    { variable: 'ROLLGATE_PORT', port: servicePort },
    { variable: 'PLATFORM_PORT', port: platformPort },
  ]);
  running.database = await openDatabase(settings, say);
  const databaseUrl = running.database.url;
  const { pooled } = settings;
  await migrate({ databaseUrl, pooled, onProgress: (line) => say(`Database: ${line}`) });
  const urls = await databaseUrls(running.database, dataFolder);
  // Before the programs, which register the catalogue: the history of the demo begins a month ago.
  if (settings.demo) {
    say('Filling the database for the demo …');
    say(await fillForDemo({ projectFolder, databaseUrl, pooled, env: { ...env, DATABASE_PASSWORD: undefined } }));
  }
  const childEnv = {
    // No load balancer waits for us, but a person at a terminal does.
    ROLLGATE_DRAIN_MS: '0',
    ...env,
    // It is part of the URL by now, and each program gets a URL of its own.
    DATABASE_PASSWORD: undefined,
    ROLLGATE_PORT: String(servicePort),
    PLATFORM_PORT: String(platformPort),
    ROLLGATE_JWT_SECRET_FILE: await ensureSecret(dataFolder, 'jwt-secret'),
  };
  const begin = async (name: string, folder: string, ownUrl: string) => {
    if (running.stopping) throw new StartFailure('stopped before it was ready');
    const program = await startProgram({
      name,
      script: join(projectFolder, 'apps', folder, 'dist', 'main.js'),
      env: { ...childEnv, DATABASE_URL: ownUrl },
      preload: PRELOAD,
      logFile: join(dataFolder, `${name}.log`),
    });
    running.programs.push(program);
    await running.record?.add(program.pid);
    return program;
  };
  const service = await begin('service', 'server', urls.service);
  const platform = await begin('platform', 'platform', urls.platform);
  await Promise.all([untilServing(service, servicePort), untilServing(platform, platformPort)]);
  const token = await output(join(projectFolder, 'apps', 'platform', 'dist', 'platform-token.js'), {
    args: ['--account', 'acme'],
    env: childEnv,
  });
  // Only now: the password is shown this once, so nothing may come between making it and showing it.
  const admin = await ensureAdmin({ projectFolder, databaseUrl, pooled, env: childEnv });
  announce(settings, { token, admin });
}

async function untilServing(program: Program, port: number): Promise<void> {
  if (await untilHealthy(program, { port, timeoutMs: READY_TIMEOUT_MS })) return;
  const what = program.isRunning()
    ? `did not answer within ${READY_TIMEOUT_MS / 1_000} s`
    : `ended with ${await program.ended}`;
  throw new StartFailure(`the ${program.name} ${what}, its log ends with:\n${await lastLines(program.logFile, 15)}`);
}

function announce(
  { servicePort, platformPort, dataFolder }: Settings,
  { token, admin }: { token: string; admin: FirstAdmin | undefined },
): void {
  say(`Rollgate ready: service http://127.0.0.1:${servicePort}  platform http://127.0.0.1:${platformPort}`);
  say('');
  say(`Staff sign in at http://127.0.0.1:${servicePort}/admin/`);
  if (admin !== undefined) say(`  as ${admin.login} with the password ${admin.password} (shown this once)`);
  say('');
  say(
    `curl -i -X POST http://127.0.0.1:${platformPort}/api/public/bots/my-bot/publish -H 'authorization: Bearer ${token}'`,
  );
  say('');
  say(`Logs are in ${relative(process.cwd(), dataFolder) || dataFolder}. Ctrl-C stops everything.`);
}

/** Rejects when the first of what we run ends by itself. */
function firstEnd({ programs, database }: Running): Promise<never> {
  const ends = programs.map(async (program) => {
    const how = await program.ended;
    throw new StartFailure(
      `the ${program.name} ended with ${how}, its log ends with:\n${await lastLines(program.logFile, 15)}`,
    );
  });
  const databaseEnd = database?.ended.then(() => Promise.reject(new StartFailure('the embedded Postgres ended')));
  return Promise.race([...ends, ...(databaseEnd === undefined ? [] : [databaseEnd])]);
}

async function stopAll({ programs, database, record }: Running): Promise<void> {
  await Promise.all(programs.map((program) => program.stop()));
  await database?.stop();
  await record?.remove();
}

/** Postgres is left to its watchdog, which stops it as soon as we are gone: its data is safe either way. */
function force({ programs }: Running): never {
  for (const program of programs) program.kill();
  process.exit(130);
}

function say(line: string): void {
  console.log(line);
}
