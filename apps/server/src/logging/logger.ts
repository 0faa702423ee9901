import { type Logger, pino } from 'pino';
import type { Settings } from '../settings.js';

/** Injection token of the process's pino logger. */
export const LOGGER = Symbol('LOGGER');

/** Writes one JSON object per line to stdout. */
export function createLogger(level: Settings['logLevel']): Logger {
  return pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime });
}
