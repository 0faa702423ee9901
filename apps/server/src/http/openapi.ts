/** The service's API description: OpenAPI 3.1 at /openapi.json, Swagger UI at /docs. */
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PROBLEM_SCHEMA } from './route.js';

export function openApiDocument(app: INestApplication, { version }: { version: string }): OpenAPIObject {
  const described = new DocumentBuilder()
    .setTitle('Rollgate admin API')
    .setDescription(
      'Live usage, custom limits, requests for them, limit events and the history of every change. Staff sign in with a session ' +
        'cookie (changes need the header `X-Rollgate-Request: 1`), machines send a service token as bearer. Errors are ' +
        '`application/problem+json`. Lists have keyset pages: `after` is the `next` of the page before.',
    )
    .setVersion(version)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A service token: rgt_…' }, 'token')
    .addCookieAuth('__Host-rollgate', undefined, 'session')
    .build();
  const document = SwaggerModule.createDocument(app, described, { operationIdFactory: (_, method) => method });
  const schemas = { ...document.components?.schemas, Problem: PROBLEM_SCHEMA as never };
  // In alphabetical order, so that the generated file does not depend on the order of the modules.
  const paths = Object.fromEntries(Object.entries(document.paths).sort(([one], [other]) => (one < other ? -1 : 1)));
  return { ...document, paths, components: { ...document.components, schemas } };
}

export function serveOpenApi(app: INestApplication, described: { version: string }): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, described), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}
