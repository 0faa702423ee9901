import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { serveAdminApp } from './admin-app.js';
import { contentSecurity } from './content-security.js';

@Module({})
class NothingModule {}

const folder = mkdtempSync(join(tmpdir(), 'admin-app-'));
const apps: NestExpressApplication[] = [];

/** Resolves to the address the service listens on. */
async function serve({ base, folder }: { base: string; folder: string }): Promise<string> {
  const app = await NestFactory.create<NestExpressApplication>(NothingModule, {
    logger: false,
    forceCloseConnections: true,
  });
  app.use(contentSecurity(base));
  serveAdminApp(app, { base, folder });
  await app.listen(0, '127.0.0.1');
  apps.push(app);
  return await app.getUrl();
}

/** Reads the body too: an unread response keeps its connection open, and with it the test's process. */
async function get(where: string, init?: RequestInit): Promise<{ status: number; headers: Headers; text: string }> {
  const answer = await fetch(where, init);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

let url: string;

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'assets', 'index-1a2b.js'), 'screens();');
  writeFileSync(
    join(folder, 'index.html'),
    '<meta content="%ROLLGATE_BASE%" nonce="%ROLLGATE_NONCE%"><script src="./assets/index-1a2b.js"></script>',
  );
  url = await serve({ base: '/tools/rollgate/', folder });
});

afterAll(async () => {
  for (const app of apps) await app.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(['', 'accounts/acme', 'denied?account=acme'])(
  'the page is served at %s, is never cached, and refers to its base',
  async (path) => {
    const answer = await get(`${url}/tools/rollgate/${path}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const policy = answer.headers.get('content-security-policy') ?? '';
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
    expect(nonce.length).toBeGreaterThan(20);
    expect(answer.text).toBe(
      `<meta content="/tools/rollgate/" nonce="${nonce}"><script src="/tools/rollgate/assets/index-1a2b.js"></script>`,
    );
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
  },
);

test('each response has its own nonce', async () => {
  const pages = await Promise.all([1, 2].map(async () => (await get(`${url}/tools/rollgate/`)).text));
  expect(pages[0]).not.toBe(pages[1]);
});

test('hashed files are cached forever, and a file of another build is not answered with the page', async () => {
  const file = await get(`${url}/tools/rollgate/assets/index-1a2b.js`);
  expect(file.text).toBe('screens();');
  expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  const gone = await get(`${url}/tools/rollgate/assets/index-0000.js`);
  expect(gone.status).toBe(404);
  expect(JSON.parse(gone.text)).toMatchObject({ message: expect.stringContaining('reload the page') });
});

test('the base without its last slash redirects to the base, and no other path is the page', async () => {
  const answer = await get(`${url}/tools/rollgate`, { redirect: 'manual' });
  expect([answer.status, answer.headers.get('location')]).toEqual([308, '/tools/rollgate/']);
  for (const path of ['/', '/tools/', '/tools/rollgateX', '/admin/api/find'])
    expect((await get(url + path)).status).toBe(404);
  expect((await get(`${url}/tools/rollgate/`, { method: 'POST' })).status).toBe(404);
});

test('a path of the API below the base is not answered with the page', async () => {
  const under = await serve({ base: '/admin/', folder });
  expect((await get(`${under}/admin/`)).status).toBe(200);
  const api = await get(`${under}/admin/api/nothing`);
  expect(api.status).toBe(404);
  expect(api.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(api.headers.get('content-security-policy')).not.toContain('script-src');
});

test('without a build the response says so', async () => {
  const bare = await serve({ base: '/admin/', folder: join(folder, 'nowhere') });
  const answer = await get(`${bare}/admin/accounts/acme`);
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('npm run build');
});
