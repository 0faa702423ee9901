/** The browser for tests: Debian's chromium, installed if it is missing. */
import { existsSync } from 'node:fs';
import { installDebianPackage } from './debian-package.js';

const BINARIES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** What a browser needs to run in a container, and to stay away from the network. */
export const CHROMIUM_FLAGS: readonly string[] = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--no-first-run',
];

/** The path of a browser. Installs Debian's package if there is none. @throws Error that says what to do. */
export function ensureChromium(): string {
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
