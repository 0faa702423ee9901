// Reports known vulnerabilities in the packages that production runs. Fails on a high or critical one that is not accepted below.
// If the registry does not answer or has no audit, the check is reported as skipped and passes, so that no change waits for it.
import { spawn } from 'node:child_process';
import { fail, projectFolder } from './setup.mjs';

/** Accepted vulnerabilities by advisory: the reason, and the day (UTC) on which the decision expires. */
const ACCEPTED = {
  // 'GHSA-xxxx-xxxx-xxxx': { reason: 'only reachable with …', until: '2027-01-31' },
};

const TIMEOUT_MS = 20_000;
const SEVERE = new Set(['high', 'critical']);

const report = await fetchReport();
if (report.vulnerabilities === undefined) {
  console.log(`audit: skipped, no answer from the registry (${report.message ?? 'no response'})`);
} else {
  const today = new Date().toISOString().slice(0, 10);
  const found = advisoriesIn(report.vulnerabilities);
  const open = found.filter(({ id }) => !(id in ACCEPTED) || ACCEPTED[id].until < today);
  if (open.length > 0) {
    const list = open.map(({ id, name, title }) => `${name}: ${title} (${id})`).join('\n  ');
    fail(
      `packages with known vulnerabilities; update them, or accept one in apps/dev/bin/audit.mjs with a reason:\n  ${list}`,
    );
  }
  console.log(`audit: no high or critical vulnerability is open, ${found.length} accepted`);
}

/** Each advisory once, even if it affects several packages. */
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

/** The report of npm. It has no `vulnerabilities` if there is no report. */
function fetchReport() {
  return new Promise((resolve) => {
    const child = spawn('npm', ['audit', '--omit=dev', '--json', '--fetch-retries=0'], {
      cwd: projectFolder,
      stdio: ['ignore', 'pipe', 'ignore'],
      shell: process.platform === 'win32',
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => (text += more));
    const late = setTimeout(() => child.kill(), TIMEOUT_MS);
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
