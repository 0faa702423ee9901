/** The browser for tests: Debian's chromium, installed if it is missing. */
import { existsSync } from 'node:fs';
import { installDebianPackage } from '@rollgate/testing';
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
  return await chromium.launch({ executablePath: ensureChromium(), args: FLAGS });
}

/** The path of a browser. Installs Debian's package if there is none. @throws Error that says what to do. */
function ensureChromium(): string {
  const present = find();
  if (present !== undefined) return present;
  installDebianPackage({
    name: 'chromium',
    otherwise: 'install Chromium, or set CHROMIUM to its path',
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  const installed = find();
  if (installed === undefined) throw new Error('chromium is still missing after apt-get install chromium');
  return installed;
}

function find(): string | undefined {
  return [process.env['CHROMIUM'], ...BINARIES].find((path) => path !== undefined && existsSync(path));
}
