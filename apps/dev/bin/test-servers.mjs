// Installs two Debian packages that some tests need, with apt-get as root: Postgres 15 and PgBouncer. Without them, those tests
// are skipped and report it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';

const NEEDED = [
  { name: 'postgresql-15', program: '/usr/lib/postgresql/15/bin/postgres' },
  { name: 'pgbouncer', program: '/usr/sbin/pgbouncer' },
];

// Keeps the package from starting a server on port 5432. The tests start their own.
const CLUSTER_FOLDER = '/etc/postgresql-common/createcluster.d';
const NO_CLUSTER = `${CLUSTER_FOLDER}/rollgate-tests.conf`;

const missing = NEEDED.filter(({ program }) => !existsSync(program)).map(({ name }) => name);
if (missing.length > 0) install(missing);

function install(names) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    console.log(`Tests that need ${names.join(' and ')} will be skipped: run this as root on Debian, or install them.`);
    return;
  }
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  mkdirSync(CLUSTER_FOLDER, { recursive: true });
  writeFileSync(NO_CLUSTER, 'create_main_cluster = false\n');
  try {
    for (const name of names) installOne(name, options);
  } finally {
    rmSync(NO_CLUSTER, { force: true });
  }
}

/** Does not fail if a package is unavailable, as in another release of Debian. Its tests are then skipped. */
function installOne(name, options) {
  try {
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', name], options);
  } catch {
    try {
      execFileSync('apt-get', ['update'], options);
      execFileSync('apt-get', ['install', '-y', '--no-install-recommends', name], options);
    } catch {
      console.log(`${name} could not be installed: its tests will be skipped.`);
    }
  }
}
