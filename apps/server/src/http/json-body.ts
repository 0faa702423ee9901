/** Reads a body: at most 64 kB of uncompressed JSON in UTF-8 that every parser understands the same way. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonProblem } from '@rollgate/contract';
import { json } from 'express';

type Parser = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

const LIMIT_BYTES = 64 * 1024;

/** Compressed bodies are refused, so a small body cannot expand. `unless`: another parser reads the body. */
export function jsonBody({
  limitBytes = LIMIT_BYTES,
  unless = () => false,
}: {
  readonly limitBytes?: number;
  readonly unless?: (request: IncomingMessage) => boolean;
} = {}): Parser {
  const parse = json({ limit: limitBytes, inflate: false, verify });
  return (request, response, next) => (unless(request) ? next() : parse(request, response, next));
}

function verify(_request: IncomingMessage, _response: ServerResponse, body: Buffer, charset: string): void {
  if (charset !== 'utf-8') throw refusal(415, `The body must be UTF-8, not ${charset}.`);
  const problem = jsonProblem(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  if (problem !== undefined) throw refusal(400, problem);
}

function refusal(status: number, message: string): Error {
  return Object.assign(new Error(message), { status });
}
