/** The service as a child process, for reads through HTTP. */
import { fileURLToPath } from 'node:url';
import { spawnNode } from '@rollgate/testing';

export interface Service {
  /** Milliseconds until the whole response has arrived. @throws Error unless the status is 200 */
  get(path: string): Promise<number>;
  stop(): Promise<void>;
}

const PERMISSIONS =
  'accounts.read,catalogue.read,events.read,overrides.read,plans.read,requests.read,history.read,system.read';

const scriptOf = (name: string) => fileURLToPath(new URL(`../../../server/dist/${name}.js`, import.meta.url));

export async function startService(databaseUrl: string): Promise<Service> {
  const env = { DATABASE_URL: databaseUrl, ROLLGATE_PORT: '0' };
  const secret = await createToken(env);
  const program = await spawnNode({ script: scriptOf('main'), env });
  const ready = JSON.parse(await program.waitForLine(/Rollgate service ready/)) as { url: string };
  return {
    async get(path) {
      const startedAt = performance.now();
      const response = await fetch(new URL(path, ready.url), { headers: { authorization: `Bearer ${secret}` } });
      const text = await response.text();
      const took = performance.now() - startedAt;
      if (response.status !== 200)
        throw new Error(`${path} was answered with ${response.status}: ${text.slice(0, 300)}`);
      return took;
    },
    async stop() {
      program.kill('SIGINT');
      await program.exited;
    },
  };
}

async function createToken(env: Readonly<Record<string, string>>): Promise<string> {
  const args = ['token', 'create', 'bench', '--permissions', PERMISSIONS, '--role', 'viewer', '--json'];
  const program = await spawnNode({ script: scriptOf('cli'), args, env });
  const { code } = await program.exited;
  if (code !== 0) throw new Error(`creating a token ended with code ${code}:\n${program.stderr()}`);
  return (JSON.parse(program.stdout()) as { secret: string }).secret;
}
