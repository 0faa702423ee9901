/** Only the support page accepts forms. All other routes accept JSON. */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

export const SUPPORT_PATH = '/support/limit-requests';

type Fastify = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;

export function acceptForms(fastify: Fastify): void {
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (request: { url: string }, body: string, done: (error: Error | null, value?: unknown) => void) => {
      if (request.url.split('?', 1)[0] !== SUPPORT_PATH) {
        done(Object.assign(new Error('Send JSON: "Content-Type: application/json".'), { statusCode: 415 }));
      } else done(null, Object.fromEntries(new URLSearchParams(body)));
    },
  );
}
