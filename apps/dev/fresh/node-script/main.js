// A program without NestJS. Its CommonJS can't load ES modules.
const { createServer } = require('node:http');
const { createPostgresLimiter } = require('@rollgate/limiter');
const { catalogue } = require('./catalogue.js');

const limiter = createPostgresLimiter({ databaseUrl: process.env.DATABASE_URL, catalogue });

const server = createServer(async (request, response) => {
  const invoice = request.url.split('/')[2];
  const decision = await limiter.acquire({ api: 'send-invoice', account: 'acme', dimensions: { invoice } });
  if (decision.allowed) return response.writeHead(201).end();
  response.writeHead(429, { 'content-type': 'application/problem+json' }).end('{"status":429}');
});

limiter.start().then(() => {
  server.listen(0, '127.0.0.1', () => console.log(`listening at http://127.0.0.1:${server.address().port}`));
});
process.on('SIGTERM', () => limiter.close().finally(() => process.exit(0)));
