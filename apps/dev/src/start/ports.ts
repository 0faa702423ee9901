import { createServer } from 'node:net';
import { SettingError } from './settings.js';

export interface WantedPort {
  readonly variable: string;
  readonly port: number;
}

/** Checks all ports before anything is started. @throws SettingError when one cannot be used */
export async function checkPortsFree(wanted: readonly WantedPort[]): Promise<void> {
  for (const { variable, port } of wanted) {
    // Also try all addresses, because a program that listens on all of them uses the port as well.
    const problem = (await tryToListen(port, '127.0.0.1')) ?? (await tryToListen(port));
    if (problem === 'EADDRINUSE')
      throw new SettingError(
        `port ${port} is in use: stop the program that uses it, or set ${variable} to another port`,
      );
    if (problem === 'EACCES')
      throw new SettingError(`port ${port} needs privileges: set ${variable} to a port above 1023`);
    if (problem !== undefined)
      throw new SettingError(`port ${port} cannot be used (${problem}): set ${variable} to another port`);
  }
}

function tryToListen(port: number, host?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ port, host }, () => probe.close(() => resolve(undefined)));
  });
}
