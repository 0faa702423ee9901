/**
 * The published packages, installed in fresh applications outside this repository. Each application guards a route, is migrated
 * by `npx rollgate`, is denied, gets a higher limit from the command line, and has a test of its own. TypeScript checks the types of
 * the packages there (`skipLibCheck: false`).
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type NodeProcess, spawnNode, type TestDatabase, until } from '@rollgate/testing';
import { FreshApp, migrationFiles, packAll, packedFiles } from './fresh-app.js';

/** npm and TypeScript take most of it. */
const TIMEOUT_MS = 600_000;

/** `require` can't load ES modules, as before Node 20.19. */
const NO_ES_MODULES = '--no-experimental-require-module';

beforeAll(packAll, TIMEOUT_MS);

test('the packages contain what is meant to be published, and nothing else', () => {
  const library = /^(package\.json|README\.md|LICENSE|dist\/(browser\/)?[\w-]+\.(cjs|mjs|d\.cts|d\.mts))$/;
  const commandLine =
    /^(package\.json|README\.md|LICENSE|server\/(package\.json|bin\/rollgate\.mjs|dist\/.+\.js)|admin\/dist\/.+|migrations\/.+\.(js|sql))$/;
  for (const name of ['contract', 'limiter', 'nestjs', 'client'])
    expect(packedFiles(name).filter((file) => !library.test(file))).toEqual([]);
  const files = packedFiles('rollgate');
  expect(files.filter((file) => !commandLine.test(file) || /test\.js$/.test(file))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(migrationFiles()));
});

describe.each([
  { template: 'nest-12-esm', nest: true, script: 'dist/src/main.js', nodeOptions: '' },
  { template: 'nest-11-commonjs', nest: true, script: 'dist/main.js', nodeOptions: NO_ES_MODULES },
  { template: 'nest-10-commonjs', nest: true, script: 'dist/main.js', nodeOptions: NO_ES_MODULES },
  { template: 'node-script', nest: false, script: 'main.js', nodeOptions: NO_ES_MODULES },
])('$template', ({ template, nest, script, nodeOptions }) => {
  let app: FreshApp;
  let database: TestDatabase;
  let login: { name: string; databaseUrl: string };
  let server: NodeProcess | undefined;

  const rollgate = (...words: string[]) => app.run(['npx', 'rollgate', ...words], { DATABASE_URL: database.url });
  const send = () =>
    fetch(`${/http:\S+/.exec(server?.stdout() ?? '')?.[0]}/invoices/i-1/send`, {
      method: 'POST',
      headers: { authorization: 'Bearer demo-key' },
    });

  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
    const packages = ['contract', 'limiter', ...(nest ? ['nestjs'] : []), 'rollgate'];
    app = await FreshApp.create({ template, nest, packages });
    if (nest) await app.run(['npm', 'run', '-s', 'build']);
    await rollgate('migrate');
    const name = `fresh-${process.pid}-${template}`;
    login = JSON.parse(await rollgate('login', 'add', name, '--as', 'runtime', '--json'));
    server = await spawnNode({
      script: join(app.folder, script),
      cwd: app.folder,
      env: { DATABASE_URL: login.databaseUrl, NODE_OPTIONS: nodeOptions },
      readyLine: /^listening at/,
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    await server?.stop();
    if (login) await rollgate('login', 'remove', login.name);
    await database?.drop();
    app?.remove();
  }, TIMEOUT_MS);

  test(
    'is denied, and is allowed again after a command has raised the limit',
    async () => {
      const statuses = [(await send()).status, (await send()).status, (await send()).status];
      expect(statuses).toEqual([201, 201, 201]);
      const denied = await send();
      expect(denied.status).toBe(429);
      expect(denied.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await denied.json()).toMatchObject({ status: 429 });

      await rollgate(
        'override',
        'set',
        'acme',
        '--api',
        'send-invoice',
        '--per-minute',
        '9',
        '--expires',
        '1h',
        '--reason',
        'r',
      );
      await until(async () => (await send()).status === 201, { what: 'the call is allowed by the override' });
      expect(server?.stdout()).not.toMatch(/WARN|ERROR/);
      expect(server?.stderr()).toBe('');
    },
    TIMEOUT_MS,
  );

  test(
    'tests itself',
    async () => {
      await app.run(['npm', 'test']);
    },
    TIMEOUT_MS,
  );

  if (template === 'node-script')
    test(
      'runs the service with its screens',
      async () => {
        const name = `fresh-${process.pid}-service`;
        const made = JSON.parse(await rollgate('login', 'add', name, '--as', 'service', '--json'));
        const service = await spawnNode({
          script: join(app.folder, 'node_modules', 'rollgate', 'server', 'bin', 'rollgate.mjs'),
          args: ['serve'],
          env: { DATABASE_URL: made.databaseUrl, ROLLGATE_PORT: '0' },
        });
        const { url } = JSON.parse(await service.waitForLine(/service ready/));
        const page = await (await fetch(`${url}/admin/`)).text();
        const script = /src="([^"]+\.js)"/.exec(page)?.[1];
        expect((await fetch(new URL(script ?? 'none', `${url}/admin/`))).status).toBe(200);
        await service.stop();
        await rollgate('login', 'remove', name);
      },
      TIMEOUT_MS,
    );

  if (nest)
    test.each(['es', 'commonjs'])(
      'both forms of a package are the same objects, when %s is loaded first',
      async (first) => {
        expect(await app.run([process.execPath, 'both-forms.mjs', first])).toBe('both forms are one\n');
      },
      TIMEOUT_MS,
    );
});

describe('vite-bundle', () => {
  let app: FreshApp;

  beforeAll(async () => {
    app = await FreshApp.create({ template: 'vite-bundle', packages: ['contract', 'client'] });
    await app.run(['npm', 'run', '-s', 'build']);
  }, TIMEOUT_MS);
  afterAll(() => app?.remove());

  test('needs nothing that a browser lacks', () => {
    expect(readFileSync(join(app.folder, 'dist', 'page.js'), 'utf8')).not.toMatch(
      /\brequire\(|\bfrom\s*["']|\bimport\s*["']|node:/,
    );
  });

  test('waits after a denial and shows it', async () => {
    const answers = [
      { status: 429, fields: { 'retry-after': '1' } },
      { status: 201, fields: {} },
    ];
    const api = createServer((_request, response) => {
      const { status, fields } = answers.shift() ?? { status: 500, fields: {} };
      response.writeHead(status, fields).end();
    });
    const port = await new Promise<number>((resolve) =>
      api.listen(0, '127.0.0.1', () => resolve((api.address() as AddressInfo).port)),
    );
    const page = await spawnNode({
      script: join(app.folder, 'call.mjs'),
      args: [`http://127.0.0.1:${port}/`],
      readyLine: /^status/,
    });
    expect(page.stdout()).toBe('denied\nstatus 201\n');
    await page.exited;
    api.close();
  });
});
