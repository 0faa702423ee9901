/** Applications outside this repository that install the packed packages, as a user of npm does. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PROJECT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const TEMPLATES = join(PROJECT, 'apps', 'dev', 'fresh');
const PACKED = join(PROJECT, 'packed');

/** Failures of npm that say nothing about the packages. */
const NO_REGISTRY =
  /E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH)\b|E50[0-9]\b|ERR_SOCKET_TIMEOUT/;

/** Packs what `tsc -b` has compiled. */
export async function packAll(): Promise<void> {
  await run(PROJECT, [process.execPath, 'apps/dev/bin/pack.mjs']);
}

/** The files in a tarball, sorted. */
export function packedFiles(name: string): string[] {
  const list = execFileSync('tar', ['-tzf', tarballOf(name)], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return list
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^package\//, ''))
    .sort();
}

/** The SQL that the migrations run, as paths in the package of the command line. */
export function migrationFiles(): string[] {
  return execFileSync('git', ['ls-files', 'migrations/*.sql', 'migrations/functions'], {
    cwd: PROJECT,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file.endsWith('.sql') && !/^migrations\/(schema|test)\//.test(file));
}

export interface FreshAppOptions {
  /** The folder of the template. */
  readonly template: string;
  /** Whether it has the sources that all applications with NestJS share. */
  readonly nest?: boolean;
  /** The packages to install, by the names of their folders in `packed/`. */
  readonly packages: readonly string[];
}

export class FreshApp {
  private constructor(readonly folder: string) {}

  /** Copies the template to a temporary folder, and installs it with the tarballs. */
  static async create({ template, nest = false, packages }: FreshAppOptions): Promise<FreshApp> {
    const app = new FreshApp(mkdtempSync(join(tmpdir(), 'rollgate-fresh-')));
    if (nest) cpSync(join(TEMPLATES, 'nest'), app.folder, { recursive: true });
    cpSync(join(TEMPLATES, template), app.folder, { recursive: true });
    if (app.manifest()['type'] !== 'module') app.#asCommonJs();
    await app.#install(packages.map(tarballOf));
    return app;
  }

  manifest(): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  }

  /** Runs a program in the folder. Resolves to what it printed. @throws Error with its output if it fails */
  run(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    return run(this.folder, words, env);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** In CommonJS, applications import their files without an extension. */
  #asCommonJs(): void {
    for (const file of readdirSync(this.folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const path = join(this.folder, file);
      writeFileSync(path, readFileSync(path, 'utf8').replace(/from '(\.\/[^']+)\.js'/g, "from '$1'"));
    }
  }

  async #install(tarballs: readonly string[]): Promise<void> {
    const words = ['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
    try {
      await this.run([...words, ...tarballs]);
    } catch (error) {
      const text = String(error);
      if (!NO_REGISTRY.test(text)) throw error;
      throw new Error(`The npm registry can't be reached, so this test could not install an application.\n${text}`);
    }
  }
}

function tarballOf(name: string): string {
  const { version } = JSON.parse(readFileSync(join(PACKED, name, 'package.json'), 'utf8')) as { version: string };
  return join(PACKED, `${name === 'rollgate' ? name : `rollgate-${name}`}-${version}.tgz`);
}

async function run(
  folder: string,
  [program = '', ...words]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, words, {
      cwd: folder,
      env: { ...ownEnvironment(), ...env },
      maxBuffer: 64 * 1024 * 1024,
      shell: process.platform === 'win32',
    });
    return stdout;
  } catch (error) {
    const { message, stdout = '' } = error as Error & { stdout?: string };
    throw new Error(`${message}\n${stdout}`, { cause: error });
  }
}

/** Without what npm and Jest set for this repository. The settings of npm itself remain. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const set =
    /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|NODE_ENV$|NODE_OPTIONS$|JEST_WORKER_ID$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !set.test(name)));
}
