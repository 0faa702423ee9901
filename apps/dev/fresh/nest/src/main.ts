import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createPostgresLimiter } from '@rollgate/limiter';
import { RollgateModule } from '@rollgate/nestjs';
import { catalogue, InvoicesModule, subjects } from './invoices.module.js';
import { createAdapter } from './platform.js';

@Module({
  imports: [
    RollgateModule.forRootAsync({
      useFactory: () => ({
        limiter: createPostgresLimiter({ databaseUrl: process.env.DATABASE_URL ?? '', catalogue }),
        subjects,
      }),
    }),
    InvoicesModule,
  ],
})
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule, createAdapter());
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  console.log(`listening at ${await app.getUrl()}`);
}

void main();
