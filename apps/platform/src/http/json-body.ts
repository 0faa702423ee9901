/** Reads bodies before the guards run: JSON in UTF-8, uncompressed, which every parser reads in the same way. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { jsonProblem } from '@rollgate/contract';

type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

export function acceptJson(fastify: Fastify): void {
  // Rejects compressed bodies, which could be much larger than what was sent.
  fastify.addHook('onRequest', (request, _reply, done) => {
    const encoding = String(request.headers['content-encoding'] ?? 'identity').toLowerCase();
    done(encoding === 'identity' ? undefined : refusal(415, 'Send the body as it is, without Content-Encoding.'));
  });
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeContentTypeParser('application/json');
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    const problem = jsonProblem(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
    if (problem !== undefined) done(refusal(400, problem));
    else parse(request, body.toString(), done);
  });
}

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(message), { statusCode });
}
