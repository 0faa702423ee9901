/** For tests of policy files: a database with the sample catalogue, the command line, and a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { type Run, rollgateHere } from './run-rollgate.js';
import { registerSample } from './start-service.js';

export const REASON = ['--reason', 'because'];
const EVE = `ROW('staff:eve', 'admin', '10.0.0.7', 'req-1')::rollgate.author`;
const APPLY = ['--yes', ...REASON];

export class PolicyFileDesk {
  #database: TestDatabase | undefined;
  #folder = '';

  get pool(): TestDatabase['pool'] {
    return (this.#database as TestDatabase).pool;
  }

  async open(): Promise<void> {
    await this.#openDatabase();
    this.#folder = mkdtempSync(join(tmpdir(), 'rollgate-policy-'));
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    await this.#database?.drop();
  }

  /** Runs `work` on another database that has the same catalogue and no policy. */
  async inEmptyDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
    const full = this.#database;
    await this.#openDatabase();
    try {
      return await work();
    } finally {
      await this.#database?.drop();
      this.#database = full;
    }
  }

  /** With only the rights of the service. */
  run(args: readonly string[], ask?: (question: string) => Promise<string>): Promise<Run> {
    const url = new URL((this.#database as TestDatabase).url);
    url.searchParams.set('options', '-c role=rollgate_admin_api');
    return rollgateHere(args, url.href, ask);
  }

  /** Makes a change as staff do, with consent to what it lowers. */
  async set(words: string, ...more: string[]): Promise<void> {
    const result = await this.run([...words.split(' '), '--allow-lowering', ...REASON, ...more]);
    if (result.code !== 0) throw new Error(`${words}: ${result.stderr}${result.stdout}`);
  }

  async export(): Promise<string> {
    return (await this.run(['policy', 'export'])).stdout;
  }

  plan(text: string, ...more: string[]): Promise<Run> {
    return this.run(['policy', 'plan', this.file(text), ...more]);
  }

  /** Without a question. */
  apply(text: string, ...more: string[]): Promise<Run> {
    return this.run(['policy', 'apply', this.file(text), ...APPLY, ...more]);
  }

  /** What the overrides in the database set, and when, in the order of their creation. */
  async overrides(): Promise<unknown[]> {
    const { rows } = await this.pool.query(
      `SELECT account, group_id, api, subject, per_minute, per_hour, factor, extra_minute, extra_hour, mode, starts_at::text, expires_at::text
       FROM rollgate.override ORDER BY account, scope, created_in`,
    );
    return rows;
  }

  /** Writes the file that the commands of this desk use. */
  file(text: string): string {
    const path = join(this.#folder, 'policy.yaml');
    writeFileSync(path, text);
    return path;
  }

  /** Edits the default limits of an API, as staff do on the screen. */
  async editDefaults(api: string, changes: object): Promise<void> {
    const given = [api, JSON.stringify({ allow_lowering: true, ...changes })];
    await this.pool.query(`SELECT rollgate.change_catalogue($1, NULL, $2, 'tests', NULL, ${EVE})`, given);
  }

  /** Changes the newest override, as staff do on the screen. */
  async changeOverride(changes: object): Promise<void> {
    await this.pool.query(
      `SELECT rollgate.change_override(o.id, NULL, $1, 'changed', ${EVE}) FROM rollgate.override o ORDER BY o.created_in DESC LIMIT 1`,
      [JSON.stringify({ allow_lowering: true, ...changes })],
    );
  }

  async #openDatabase(): Promise<void> {
    this.#database = await createTestDatabase();
    await registerSample(this.#database.url);
  }
}

/** Opens a desk for each test of a file. */
export function usePolicyFileDesk(): PolicyFileDesk {
  const desk = new PolicyFileDesk();
  beforeEach(() => desk.open());
  afterEach(() => desk.close());
  return desk;
}
