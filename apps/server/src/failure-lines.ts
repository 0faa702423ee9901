import { SettingsError } from '@rollgate/contract/environment';
import { PreflightError } from '@rollgate/migrations';
import { refusalOf } from './database/refusals.js';
import { loweredLines } from './policy/lowered-lines.js';

/** An error for the terminal: one line, or one for each wrong setting or lowered limit. No stack, no secret. */
export function failureLines(error: unknown): readonly string[] {
  if (error instanceof SettingsError || error instanceof PreflightError) return error.lines;
  const lowering = refusalOf(error)?.lowering;
  if (lowering !== undefined) {
    const falls = loweredLines(lowering).map((line) => `  ${line}`);
    return ['this lowers limits that are in force:', ...falls, 'add --allow-lowering to do it all the same'];
  }
  const { code, message, port, address } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === 'EADDRINUSE') return [`port ${port} is taken: set ROLLGATE_PORT to another one`];
  if (code === 'EACCES' && port) return [`port ${port} needs privileges: set ROLLGATE_PORT to one above 1023`];
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return [`cannot listen on ${address ?? 'this host'}: set ROLLGATE_HOST to an address of this machine`];
  const text = message || code || String(error);
  return [text.split('\n', 1)[0] ?? text];
}
