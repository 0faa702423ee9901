import { spawn } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, stopProcess } from '@rollgate/testing';
import { ensurePgBouncer } from '../lab/packages.js';
import { connectTo } from '../lab/server.js';
import { countOf, type Experiment, openWorld, outcomeOf, type Setting, wait } from './experiment.js';

const POOL_SIZE = 4;

export const pgBouncer: Experiment = {
  name: 'pgbouncer',
  what: `PgBouncer in transaction mode, ${POOL_SIZE} server connections for three nodes, killed once and started again`,
  seconds: 8,
  async run(setting) {
    const server = await setting.lab.shared();
    const bouncer = await Bouncer.start(setting, new URL(server.url));
    const port = String(bouncer.port);
    const world = await openWorld(setting, {
      urlOf: (url) => Object.assign(new URL(url), { port }).href,
      limiter: { budgetMs: 600, pooled: true },
    });
    await world.fleet.start();
    await wait(setting.seconds / 2);
    const pooled = await world.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await bouncer.kill();
    await wait(0.5);
    await bouncer.run();
    await wait(setting.seconds / 2);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    return {
      ...outcome,
      faults: {
        'logins at PgBouncer': countOf(bouncer.log(), /login attempt/g),
        'times it was killed': bouncer.killed,
      },
      claims: [
        {
          what: `no more than ${POOL_SIZE} server connections (${pooled[0]?.n})`,
          holds: (pooled[0]?.n ?? 0) <= POOL_SIZE,
        },
        {
          what: 'the database decides, before and after',
          holds: calls.filter(({ mode }) => mode === 'enforced').length > calls.length / 2,
        },
      ],
    };
  },
};

class Bouncer {
  readonly port: number;
  killed = 0;
  readonly #program: string;
  readonly #folder: string;
  readonly #url: URL;
  #pid = 0;

  private constructor(program: string, { folder, port, url }: { folder: string; port: number; url: URL }) {
    this.#program = program;
    this.#folder = folder;
    this.#url = url;
    this.port = port;
  }

  static async start({ lab }: Setting, url: URL): Promise<Bouncer> {
    const program = ensurePgBouncer(lab.progress);
    const folder = lab.makeFolder('pgbouncer');
    chmodSync(folder, 0o777);
    const bouncer = new Bouncer(program, { folder, port: await freePort(), url });
    lab.atEnd(() => bouncer.stop());
    bouncer.#configure();
    await bouncer.run();
    return bouncer;
  }

  async run(): Promise<void> {
    // It refuses to be root.
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : [];
    const child = spawn(this.#program, ['-q', ...user, join(this.#folder, 'pgbouncer.ini')], { stdio: 'ignore' });
    child.on('error', () => undefined);
    this.#pid = child.pid ?? 0;
    const through = Object.assign(new URL(this.#url.href), { port: String(this.port) }).href;
    for (let i = 0; i < 100; i++) {
      await wait(0.05);
      try {
        await (await connectTo(through)).end();
        return;
      } catch {}
    }
    throw new Error(`PgBouncer does not answer: ${this.log().slice(-500)}`);
  }

  log(): string {
    return readFileSync(join(this.#folder, 'log'), 'utf8');
  }

  async kill(): Promise<void> {
    await stopProcess(this.#pid, [{ signal: 'SIGKILL', waitMs: 5_000 }]);
    this.killed++;
  }

  async stop(): Promise<void> {
    if (this.#pid > 0) await stopProcess(this.#pid, [{ signal: 'SIGKILL', waitMs: 5_000 }]);
  }

  #configure(): void {
    const { hostname, port, username, password } = this.#url;
    const users = join(this.#folder, 'users');
    writeFileSync(users, `"${username}" "${password}"\n`, { mode: 0o644 });
    writeFileSync(
      join(this.#folder, 'pgbouncer.ini'),
      [
        '[databases]',
        `* = host=${hostname} port=${port}`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${this.port}`,
        'unix_socket_dir =',
        'auth_type = scram-sha-256',
        `auth_file = ${users}`,
        'pool_mode = transaction',
        `default_pool_size = ${POOL_SIZE}`,
        'max_client_conn = 200',
        'server_login_retry = 1',
        `logfile = ${join(this.#folder, 'log')}`,
        '',
      ].join('\n'),
      { mode: 0o644 },
    );
  }
}
