/**
 * Writes the service's OpenAPI description to the named file; with --check, compares the file instead. Opens no connection.
 */
import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { openApiDocument } from './http/openapi.js';
import { createLogger } from './logging/logger.js';
import { VERSION } from './operations/version.js';
import { serverModule } from './server.module.js';
import { readSettings } from './settings.js';

const [file, check] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: openapi-dump <file> [--check]');

const settings = readSettings({ DATABASE_URL: 'postgres://nobody@localhost/nothing' });
const app = await NestFactory.create(
  serverModule({ settings, logger: createLogger('silent'), sweepEveryMs: undefined }),
  {
    preview: true,
    logger: ['error'],
  },
);
const text = `${JSON.stringify(openApiDocument(app, { version: VERSION }), null, 2)}\n`;
if (check === undefined) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error(`${file} is stale: run "npm run openapi"`);
  process.exitCode = 1;
}
