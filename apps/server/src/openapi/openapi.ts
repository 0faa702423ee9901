/** The service's API description: OpenAPI 3.1 at /openapi.json, Swagger UI at /docs. */
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PROBLEM_SCHEMA } from '../http/route.js';
import { VERSION } from '../operations/version.js';

export function openApiDocument(app: INestApplication): OpenAPIObject {
  const described = new DocumentBuilder()
    .setTitle('Rollgate admin API')
    .setDescription(
      'Live usage, custom limits, requests for them, limit events and the history of every change. Staff sign in with a session ' +
        'cookie (changes need the header `X-Rollgate-Request: 1`), machines send a service token as bearer. Errors are ' +
        '`application/problem+json`. Lists have keyset pages: `after` is the `next` of the page before.',
    )
    .setVersion(VERSION)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A service token: rgt_…' }, 'token')
    .addCookieAuth('__Host-rollgate', undefined, 'session')
    .build();
  const document = SwaggerModule.createDocument(app, described, { operationIdFactory: (_, method) => method });
  const schemas = { ...document.components?.schemas, Problem: PROBLEM_SCHEMA as never };
  return { ...document, components: { ...document.components, schemas } };
}

export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
  });
}
