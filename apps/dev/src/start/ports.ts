import { createServer } from 'node:net';
import { SettingError } from './settings.js';

export interface WantedPort {
  readonly variable: string;
  readonly port: number;
}

/** Looked at before anything is started, so that a taken port leaves nothing half-started behind. */
export async function checkPortsFree(wanted: readonly WantedPort[]): Promise<void> {
  for (const { variable, port } of wanted) {
    // Without a host too: a program that listens on every address takes the port as well.
    const problem = (await tryToListen(port, '127.0.0.1')) ?? (await tryToListen(port));
    if (problem === 'EADDRINUSE')
      throw new SettingError(`port ${port} is taken: stop what uses it, or set ${variable} to another port`);
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
