/** The browser for tests: Debian's chromium, installed if it is missing. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const BINARIES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

export async function openChromium(): Promise<Browser> {
  const executablePath = ensureChromium((line) => process.stderr.write(`${line}\n`));
  return await chromium.launch({ executablePath, args: FLAGS });
}

/** Installs Debian's package if there is no browser. @throws Error that says what to do. */
export function ensureChromium(progress: (line: string) => void): string {
  const there = find();
  if (there !== undefined) return there;
  if (spawnSync('apt-get', ['--version']).error !== undefined)
    throw new Error(
      'chromium is not installed, and this system has no apt-get: install Chromium, or set CHROMIUM to it',
    );
  if (process.getuid?.() !== 0)
    throw new Error('chromium is not installed: run "sudo apt-get install chromium", or run the tests as root');
  progress('chromium is not installed: running apt-get install chromium …');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const done = spawnSync('apt-get', args, { env, encoding: 'utf8' });
    if (done.status !== 0 && args[0] === 'install')
      throw new Error(`apt-get install chromium failed: ${done.stderr.trim().split('\n').at(-1)}`);
  }
  const installed = find();
  if (installed === undefined) throw new Error('chromium is still missing after apt-get install chromium');
  return installed;
}

function find(): string | undefined {
  return [process.env['CHROMIUM'], ...BINARIES].find((path) => path !== undefined && existsSync(path));
}
