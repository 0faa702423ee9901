import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  type ExecutionContext,
  HttpException,
  type INestApplication,
  type INestMicroservice,
  Module,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { type ClientProxy, ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Catalogue, rateLimitProblemSchema } from '@rollgate/contract';
import { lastValueFrom } from 'rxjs';
import { RateLimit, RateLimitExceededException, RateLimitGuard } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';
import { Clock } from './http-app.js';
import { type ClientSocket, connect } from './socket.js';

const catalogue = new Catalogue([
  { id: 'g', title: 'G', level: ['bot'], limits: { perMinute: 2, perHour: 9 }, apis: [{ id: 'chat', title: 'Chat' }] },
]);

/** Sets the account of a connection, as a transport's authentication does in the server's own code. */
const account = (context: ExecutionContext) =>
  context.getType() === 'ws' ? 'acme' : context.switchToRpc().getData()?.known && 'acme';

const testing = (clock: Clock) =>
  RollgateTestingModule.forRoot({ clock: clock.read, catalogue, subjects: { account }, support: 'ask' });

describe('a microservice over TCP', () => {
  @Controller()
  class ChatController {
    @MessagePattern('chat')
    @UseGuards(RateLimitGuard, RateLimitGuard)
    @RateLimit('chat')
    chat(@Payload() message: unknown) {
      return { heard: message };
    }
  }

  let app: INestMicroservice;
  let client: ClientProxy;
  const clock = new Clock();
  const send = (message: unknown) =>
    lastValueFrom(client.send('chat', message)).then(
      (heard) => heard,
      (error: unknown) => ({ error }),
    );

  beforeEach(async () => {
    @Module({ imports: [testing(clock)], controllers: [ChatController] })
    class ChatModule {}
    app = await NestFactory.createMicroservice(ChatModule, {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port: 0 },
      logger: false,
    });
    await app.listen();
    const { port } = app.unwrap<Server>().address() as AddressInfo;
    client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
  });
  afterEach(async () => {
    await client.close();
    await app.close();
  });

  it('denies with an RpcException that has the problem body', async () => {
    const message = { botId: 'b-1', known: true };
    expect(await send(message)).toEqual({ heard: message });
    expect(await send(message)).toEqual({ heard: message });
    const { error } = (await send(message)) as { error: unknown };
    expect(rateLimitProblemSchema.strict().parse(error)).toMatchObject({
      api: 'chat',
      window: 'minute',
      limit: 2,
      support: 'ask',
    });
    expect(await send({ botId: 'b-2', known: true })).toEqual({ heard: { botId: 'b-2', known: true } });
  });

  it.each([
    ['a list for a bot', { botId: ['a', 'b'], known: true }, { status: 400, field: 'dimensions.bot' }],
    ['a stranger', { botId: 'a' }, { status: 401 }],
    ['text', 'botId', { status: 401 }],
  ])('rejects %s with an RpcException', async (_what, message, problem) => {
    expect(await send(message)).toEqual({ error: expect.objectContaining(problem) });
  });
});

describe('a gateway over WebSocket', () => {
  @WebSocketGateway()
  @UseGuards(RateLimitGuard, RateLimitGuard)
  class ChatGateway {
    @SubscribeMessage('chat')
    @RateLimit('chat')
    chat(@MessageBody() message: unknown) {
      return { event: 'heard', data: message };
    }
  }

  let app: INestApplication;
  let socket: ClientSocket;
  const clock = new Clock();

  beforeEach(async () => {
    @Module({ imports: [testing(clock)], providers: [ChatGateway] })
    class ChatModule {}
    app = await NestFactory.create(ChatModule, { logger: false });
    app.useWebSocketAdapter(new WsAdapter(app));
    await app.listen(0, '127.0.0.1');
    socket = await connect((app.getHttpServer().address() as AddressInfo).port);
  });
  afterEach(async () => {
    socket.close();
    await app.close();
  });

  it('counts each message of a connection, and denies with a WsException that has the problem body', async () => {
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await socket.ask('chat', { botId: 'b-1' }));
    expect(answers.slice(0, 2)).toEqual([
      { event: 'heard', data: { botId: 'b-1' } },
      { event: 'heard', data: { botId: 'b-1' } },
    ]);
    expect(answers[2]?.event).toBe('exception');
    expect(rateLimitProblemSchema.strict().parse(answers[2]?.data)).toMatchObject({ api: 'chat', status: 429 });
    expect(await socket.ask('chat', { botId: 'b-2' })).toEqual({ event: 'heard', data: { botId: 'b-2' } });
    clock.wait({ seconds: 61 });
    expect((await socket.ask('chat', { botId: 'b-1' })).event).toBe('heard');
  });

  it('counts a message without a bot under the shared subject, whatever its data is', async () => {
    const events = [];
    for (const data of ['text', null, {}]) events.push((await socket.ask('chat', data)).event);
    expect(events).toEqual(['heard', 'heard', 'exception']);
  });
});

describe('an execution context that Nest did not create', () => {
  class ChatResolver {
    @RateLimit('chat')
    chat() {}
  }

  let app: INestApplication;
  beforeEach(async () => {
    @Module({
      imports: [
        RollgateTestingModule.forRoot({
          clock: new Clock().read,
          catalogue,
          subjects: { bot: ({ getArgs }) => String(typeof getArgs) },
        }),
      ],
    })
    class EmptyModule {}
    app = await NestFactory.create(EmptyModule, { logger: false });
    await app.init();
  });
  afterEach(() => app.close());

  const enter = (type: string, args: unknown[]) => {
    const context = new ExecutionContextHost(args, ChatResolver, ChatResolver.prototype.chat);
    context.setType(type);
    return app.get(RateLimitGuard).canActivate(context as ExecutionContext);
  };

  it('of GraphQL counts each field of a request, sets headers on its response, and denies with the HTTP exception', async () => {
    const headers: Record<string, string> = {};
    const res = { setHeader: (name: string, value: string) => Object.assign(headers, { [name]: value }) };
    const req = { user: { account: 'acme' } };
    const field = () => ({ fieldName: 'chat' });
    const first = field();
    expect(await enter('graphql', [{}, { botId: 'b' }, { req, res }, first])).toBe(true);
    expect(await enter('graphql', [{}, { botId: 'b' }, { req, res }, first])).toBe(true);
    expect(headers.RateLimit).toMatch(/^"minute";r=1;/);
    expect(await enter('graphql', [{}, { botId: 'b' }, { req, res }, field()])).toBe(true);
    const denied = enter('graphql', [{}, { botId: 'b' }, { req, res }, field()]);
    await expect(denied).rejects.toThrow(RateLimitExceededException);
    expect(Object.keys(headers).sort()).toEqual(['Cache-Control', 'RateLimit', 'RateLimit-Policy', 'Retry-After']);
  });

  it.each([
    ['http', []],
    ['http', [null, null]],
    ['http', ['text', 'text']],
    ['http', [{ user: null }, { header: () => {} }]],
    ['graphql', []],
    ['graphql', [null, null, null, null]],
    ['graphql', [{}, {}, { req: null }, {}]],
    ['rpc', []],
    ['rpc', [null, null]],
    ['ws', []],
    ['ws', [null, 'text', 'pattern']],
    ['telegraf', [{}]],
  ])('of %s with %j causes no crash and gets 401, because it has no account', async (type, args) => {
    const error = await enter(type, args).catch((thrown: Error & { getError?: () => unknown }) => thrown);
    const body = error instanceof HttpException ? error.getResponse() : (error as { getError(): unknown }).getError();
    expect(body).toMatchObject({ status: 401 });
    const name = { rpc: 'RpcException', ws: 'WsException' }[type] ?? 'UnauthorizedException';
    expect((error as Error).constructor.name).toBe(name);
  });

  it('sets no header field after the head of the response was sent', async () => {
    const setHeader = () => {
      throw new Error('headers are sent');
    };
    const req = { user: { account: 'acme' } };
    expect(await enter('http', [req, { setHeader, headersSent: true }])).toBe(true);
    expect(await enter('http', [{ ...req }, { header: setHeader, raw: { setHeader, headersSent: true } }])).toBe(true);
  });
});
