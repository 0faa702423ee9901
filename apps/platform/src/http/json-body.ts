/** How a body is read: JSON in UTF-8, sent as it is, and meaning one thing to every reader. All before any guard. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { jsonProblem } from '@rollgate/contract';

type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

export function acceptJson(fastify: Fastify): void {
  // Nothing here inflates: a body that is small on the wire is small, and a packed one would be read as broken JSON.
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
