// Known holes in what production runs. Fails on one that is high or critical and not accepted below. A registry that does not
// answer, or can't tell, is said and passes: nobody's change waits for it.
import { spawn } from 'node:child_process';
import { fail, projectFolder } from './setup.mjs';

/** Holes that we live with, by advisory: why, and until when it is looked at again (a day, UTC). */
const ACCEPTED = {
  // 'GHSA-xxxx-xxxx-xxxx': { reason: 'only reachable with …', until: '2027-01-31' },
};

const WITHIN_MS = 20_000;
const SEVERE = new Set(['high', 'critical']);

const report = await ask();
if (report.vulnerabilities === undefined) {
  console.log(`audit: skipped, no answer from the registry (${report.message ?? 'nothing came'})`);
} else {
  const today = new Date().toISOString().slice(0, 10);
  const found = advisoriesIn(report.vulnerabilities);
  const open = found.filter(({ id }) => !(id in ACCEPTED) || ACCEPTED[id].until < today);
  if (open.length > 0) {
    const list = open.map(({ id, name, title }) => `${name}: ${title} (${id})`).join('\n  ');
    fail(`packages with known holes; update them, or accept one in apps/dev/bin/audit.mjs with a reason:\n  ${list}`);
  }
  console.log(`audit: nothing high or critical is open, ${found.length} accepted`);
}

/** Each advisory once, whichever packages it reaches. */
function advisoriesIn(vulnerabilities) {
  const found = new Map();
  for (const { name, via } of Object.values(vulnerabilities)) {
    for (const advisory of via) {
      if (typeof advisory === 'string' || !SEVERE.has(advisory.severity)) continue;
      const id = /GHSA-[\w-]+/.exec(advisory.url ?? '')?.[0] ?? String(advisory.source);
      found.set(id, { id, name, title: advisory.title });
    }
  }
  return [...found.values()];
}

/** npm's report; without `vulnerabilities` where there is none. */
function ask() {
  return new Promise((resolve) => {
    const child = spawn('npm', ['audit', '--omit=dev', '--json', '--fetch-retries=0'], {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
    const late = setTimeout(() => child.kill(), WITHIN_MS);
    child.once('error', (error) => resolve({ message: error.code }));
    child.once('close', () => {
      clearTimeout(late);
      try {
        const { vulnerabilities, statusCode } = JSON.parse(text);
        resolve({ vulnerabilities, message: statusCode === undefined ? undefined : `HTTP ${statusCode}` });
      } catch {
        resolve({});
      }
    });
  });
}
