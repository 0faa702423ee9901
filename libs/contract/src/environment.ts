/**
 * Reads a program's settings from its environment variables. A secret may also be given as a file, named by `<NAME>_FILE`.
 * The caller passes the function that reads files, because this package also runs where there are none.
 */
import type { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Missing or wrong settings, one line each, for the operator. No line repeats a secret. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

export interface SettingSources {
  readonly environment: Environment;
  /** Returns the content of a text file. @throws NodeJS.ErrnoException */
  readonly readFile: (file: string) => string;
  /** Names of the variables that may also be given as a file. */
  readonly secrets: readonly string[];
}

/** Reads all settings before it reports the wrong ones. @throws SettingsError */
export function readVariables<Variables extends z.ZodObject>(
  variables: Variables,
  { environment, readFile, secrets }: SettingSources,
): z.output<Variables> {
  // An empty variable counts as not set: compose files write unset variables this way.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const unreadable = readSecretFiles(given, { readFile, secrets: secrets.filter((name) => name in variables.shape) });
  const read = variables.safeParse(given);
  const issues = (read.error?.issues ?? [])
    .filter(({ path }) => !unreadable.has(String(path[0])))
    .map(({ path, message }) => `${String(path[0])} ${message}`);
  const lines = [...unreadable.values(), ...issues];
  if (!read.success || lines.length > 0) throw new SettingsError(lines);
  return read.data;
}

/** Whether the variable's value is read from the file that `<NAME>_FILE` names: the variable itself takes precedence. */
export function comesFromFile(environment: Environment, name: string): boolean {
  return !environment[name]?.trim() && Boolean(environment[`${name}_FILE`]?.trim());
}

/**
 * Replaces `<NAME>_FILE` settings by the files' content. Returns an error line for each file that cannot be read, by the
 * secret's name.
 */
function readSecretFiles(
  given: Record<string, string | undefined>,
  { readFile, secrets }: Pick<SettingSources, 'readFile' | 'secrets'>,
): Map<string, string> {
  const unreadable = new Map<string, string>();
  for (const name of secrets.filter((secret) => comesFromFile(given, secret))) {
    const file = String(given[`${name}_FILE`]);
    try {
      // Editors and `echo` end a file with a line break that is not part of the secret.
      const secret = readFile(file).trim();
      if (secret === '') unreadable.set(name, `${name}_FILE ${file} is empty`);
      else given[name] = secret;
    } catch (error) {
      unreadable.set(name, `${name}_FILE ${file} cannot be read: ${(error as { code?: string }).code}`);
    }
  }
  return unreadable;
}
