/** The client in a real browser, bundled as an application would: pages of this origin and of another one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CHROMIUM_FLAGS, ensureChromium } from '@rollgate/testing';
import { type Browser, chromium, type Page } from 'playwright-core';

const LIMIT = 20;
const WINDOW_MS = 2_000;
const CALLS = 50;
/** What a page loads for the client, compressed. */
const MOST_KB = 12;

let browser: Browser;
let page: Page;
let script: string;
const servers: Server[] = [];

beforeAll(async () => {
  script = bundle();
  browser = await chromium.launch({ executablePath: ensureChromium(), args: [...CHROMIUM_FLAGS] });
  page = await browser.newPage();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  for (const server of servers) server.close();
});

/** In a process of its own: the bundler does not accept objects of a test's realm. */
function bundle(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollgate-bundle-'));
  try {
    const [bundler, entry] = [
      fileURLToPath(import.meta.resolve('rolldown/package.json')),
      fileURLToPath(new URL('../dist/index.js', import.meta.url)),
    ];
    const out = join(folder, 'client.js');
    const args = [entry, '--format', 'iife', '--name', 'rollgate', '--minify', '--platform', 'browser', '--file', out];
    execFileSync(process.execPath, [join(dirname(bundler), 'bin', 'cli.mjs'), ...args], { stdio: 'pipe' });
    return readFileSync(out, 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Serves a page and an API that admits `LIMIT` calls in any `WINDOW_MS`, and counts what it did. */
async function serve(): Promise<{ url: string; seen: { admitted: number; denied: number } }> {
  const seen = { admitted: 0, denied: 0 };
  const spentMs: number[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (!request.url?.startsWith('/things/'))
      return void response.setHeader('content-type', 'text/html').end('<!doctype html><title>page</title>');
    const nowMs = performance.now();
    const inside = spentMs.filter((ms) => ms + WINDOW_MS > nowMs);
    const isDenied = inside.length >= LIMIT;
    if (!isDenied) inside.push(nowMs);
    spentMs.splice(0, spentMs.length, ...inside);
    seen[isDenied ? 'denied' : 'admitted'] += 1;
    const resetSeconds = Math.ceil((Number(inside[0]) + WINDOW_MS - nowMs) / 1000);
    response.writeHead(isDenied ? 429 : 200, {
      'RateLimit-Policy': `"short";q=${LIMIT};w=${WINDOW_MS / 1000}`,
      RateLimit: `"short";r=${LIMIT - inside.length};t=${resetSeconds}`,
      ...(isDenied && { 'Retry-After': resetSeconds }),
      'Access-Control-Allow-Origin': '*',
      'Access-Control-Expose-Headers': 'RateLimit, RateLimit-Policy, Retry-After',
    });
    response.end(`answer to ${request.url}`);
  };
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function callFrom(origin: string, api: string): Promise<string[]> {
  await page.goto(`${origin}/`);
  await page.addScriptTag({ content: script });
  return await page.evaluate(
    async ({ url, calls }) => {
      const { createClient } = (globalThis as unknown as { rollgate: typeof import('../src/index.js') }).rollgate;
      const client = createClient();
      const responses = await Promise.all(
        Array.from({ length: calls }, (_, index) => client.fetch(`${url}/things/${index}`)),
      );
      return await Promise.all(responses.map(async (response) => `${response.status} ${await response.text()}`));
    },
    { url: api, calls: CALLS },
  );
}

const EXPECTED = Array.from({ length: CALLS }, (_, index) => `200 answer to /things/${index}`);

test('the bundle is small and needs nothing of Node', () => {
  expect(script).not.toMatch(/require\(|node:/);
  expect(gzipSync(script).length / 1000).toBeLessThan(MOST_KB);
});

test('a page calls the API of its own origin without a denial', async () => {
  const { url, seen } = await serve();
  expect(await callFrom(url, url)).toEqual(EXPECTED);
  expect(seen).toEqual({ admitted: CALLS, denied: 0 });
});

test('a page calls the API of another origin, which exposes its fields', async () => {
  const [own, api] = [await serve(), await serve()];
  expect(await callFrom(own.url, api.url)).toEqual(EXPECTED);
  expect(api.seen).toEqual({ admitted: CALLS, denied: 0 });
});
