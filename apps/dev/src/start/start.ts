import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '@rollgate/migrations';
import { type Database, openDatabase } from './database.js';
import { fillForDemo } from './demo.js';
import { ensureAdmin } from './first-admin.js';
import { checkPortsFree } from './ports.js';
import { lastLines, output, type Program, startProgram, untilHealthy } from './program.js';
import { type DatabaseUrls, databaseUrls } from './roles.js';
import { openRunRecord, type RunRecord } from './run-record.js';
import { ensureSecret } from './secret.js';
import { readSettings, type SettingSources, type Settings } from './settings.js';
import { listenForStop } from './stop-signals.js';

// Invariant: however it ends, everything started here is stopped in reverse order: first the programs, then the database.

const READY_TIMEOUT_MS = 60_000;
const PRELOAD = fileURLToPath(new URL('../../bin/end-with-parent.mjs', import.meta.url));

/** A program or the database ended or did not answer. The message is shown to the user unchanged. */
class StartFailure extends Error {}

/** Runs until it is stopped, then ends the process. Exit code: 0 after a clean stop, 1 after a failure, 130 when forced. */
export async function start(sources: SettingSources): Promise<never> {
  const running: Running = { programs: [], stopping: false };
  const { requested } = listenForStop(() => force(running));
  let exitCode = 0;
  try {
    const settings = readSettings(sources);
    const stopped = requested.then(() => 'stop' as const);
    const up = bringUp({ settings, running, env: sources.env });
    // Stopping makes the start fail. That is expected, so the error is not reported.
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
  const { dataFolder, servicePort, platformPort } = settings;
  await mkdir(dataFolder, { recursive: true });
  running.record = await openRunRecord(dataFolder);
  await checkPortsFree([
    { variable: 'ROLLGATE_PORT', port: servicePort },
    { variable: 'PLATFORM_PORT', port: platformPort },
  ]);
  running.database = await openDatabase(settings, say);
  // Each program gets a database URL that contains the password.
  const withoutPassword = { ...env, DATABASE_PASSWORD: undefined, DATABASE_PASSWORD_FILE: undefined };
  const urls = await prepareDatabase(running.database, { settings, env: withoutPassword });
  const childEnv = {
    // At a terminal no load balancer needs the delay, and a person waits.
    ROLLGATE_DRAIN_MS: '0',
    ...withoutPassword,
    ROLLGATE_PORT: String(servicePort),
    PLATFORM_PORT: String(platformPort),
    ROLLGATE_JWT_SECRET_FILE: await ensureSecret(dataFolder, 'jwt-secret'),
  };
  const programs = { settings, running, env: childEnv };
  const service = await startApp({ name: 'service', folder: 'server', databaseUrl: urls.service }, programs);
  const platform = await startApp({ name: 'platform', folder: 'platform', databaseUrl: urls.platform }, programs);
  await Promise.all([untilServing(service, servicePort), untilServing(platform, platformPort)]);
  await announce({ settings, databaseUrl: running.database.url, env: childEnv });
}

/** Migrates the database, fills it for the demo if that is wanted, and returns the URL of each program. */
async function prepareDatabase(
  database: Database,
  { settings, env }: { settings: Settings; env: SettingSources['env'] },
): Promise<DatabaseUrls> {
  const { dataFolder, pooled, projectFolder } = settings;
  const databaseUrl = database.url;
  await migrate({ databaseUrl, pooled, onProgress: (line) => say(`Database: ${line}`) });
  const urls = await databaseUrls(database, dataFolder);
  // Before the programs start, because they register the catalogue: the demo's history begins a month ago.
  if (settings.demo) {
    say('Filling the database for the demo …');
    say(await fillForDemo({ projectFolder, databaseUrl, pooled, env }));
  }
  return urls;
}

async function startApp(
  { name, folder, databaseUrl }: { name: string; folder: string; databaseUrl: string },
  { settings, running, env }: BringUp,
): Promise<Program> {
  if (running.stopping) throw new StartFailure('stopped before it was ready');
  const program = await startProgram({
    name,
    script: join(settings.projectFolder, 'apps', folder, 'dist', 'main.js'),
    env: { ...env, DATABASE_URL: databaseUrl },
    preload: PRELOAD,
    logFile: join(settings.dataFolder, `${name}.log`),
  });
  running.programs.push(program);
  await running.record?.add(program.pid);
  return program;
}

async function untilServing(program: Program, port: number): Promise<void> {
  if (await untilHealthy(program, { port, timeoutMs: READY_TIMEOUT_MS })) return;
  const what = program.isRunning()
    ? `did not answer within ${READY_TIMEOUT_MS / 1_000} s`
    : `ended with ${await program.ended}`;
  throw new StartFailure(`the ${program.name} ${what}, its log ends with:\n${await lastLines(program.logFile, 15)}`);
}

/** Prints the addresses, a password if there are no staff yet, and a first call. */
async function announce({
  settings,
  databaseUrl,
  env,
}: {
  settings: Settings;
  databaseUrl: string;
  env: SettingSources['env'];
}): Promise<void> {
  const { servicePort, platformPort, dataFolder, projectFolder, pooled } = settings;
  const token = await output(join(projectFolder, 'apps', 'platform', 'dist', 'platform-token.js'), {
    args: ['--account', 'acme'],
    env,
  });
  // Added last, so that nothing can fail between making the password and showing it: it is shown only this once.
  const admin = await ensureAdmin({ projectFolder, databaseUrl, pooled, env });
  say(`Rollgate ready: service http://127.0.0.1:${servicePort}  platform http://127.0.0.1:${platformPort}`);
  say('');
  say(`Staff sign in at http://127.0.0.1:${servicePort}/admin/`);
  if (admin !== undefined) say(`  as ${admin.login} with the password ${admin.password} (shown only once)`);
  say('');
  say(
    `curl -i -X POST http://127.0.0.1:${platformPort}/api/public/bots/my-bot/publish -H 'authorization: Bearer ${token}'`,
  );
  say('');
  say(`Logs are in ${relative(process.cwd(), dataFolder) || dataFolder}. Ctrl-C stops everything.`);
}

/** Rejects when a program or the embedded Postgres ends. */
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

/** The watchdog of Postgres stops it when this process ends. Its data is safe. */
function force({ programs }: Running): never {
  for (const program of programs) program.kill();
  process.exit(130);
}

function say(line: string): void {
  console.log(line);
}
