/** Reads a body: at most 64 kB of uncompressed JSON in UTF-8 that every parser understands the same way. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonProblem } from '@rollgate/contract';

const LIMIT_BYTES = 64 * 1024;

/** Options of Express's JSON parser. Compressed bodies are refused, so a small body cannot expand. */
export const JSON_BODY = { limit: LIMIT_BYTES, inflate: false, verify };

function verify(_request: IncomingMessage, _response: ServerResponse, body: Uint8Array, charset: string): void {
  if (charset !== 'utf-8') throw refusal(415, `The body must be UTF-8, not ${charset}.`);
  const problem = jsonProblem(body);
  if (problem !== undefined) throw refusal(400, problem);
}

function refusal(status: number, message: string): Error {
  return Object.assign(new Error(message), { status });
}
