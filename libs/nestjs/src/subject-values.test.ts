import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/internal';
import { resolversOf, subjectText } from './subject-values.js';

function contextOf(type: string, args: unknown[]): ExecutionContext {
  const context = new ExecutionContextHost(args);
  context.setType(type);
  return context as ExecutionContext;
}

describe('a value that a resolver returns', () => {
  it.each([
    ['b-1', 'b-1'],
    [' b ', ' b '],
    [0, '0'],
    [17, '17'],
    [17n, '17'],
  ])('is counted as text: %p', (value, text) => {
    expect(subjectText('bot', value)).toBe(text);
  });

  it.each([undefined, null, '', ' ', '\t\n'])('is unresolved: %j', (value) => {
    expect(subjectText('bot', value)).toBeUndefined();
  });

  it.each([
    [['a', 'b']],
    [['a']],
    [[]],
    [{}],
    [true],
    [false],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [() => 'b'],
    [Symbol('b')],
  ])('is rejected: %p', (value: unknown) => {
    expect(() => subjectText('dimensions.bot', value)).toThrow('dimensions.bot: must be a string');
  });
});

describe('resolversOf', () => {
  it('prefers the resolvers of the route to those of the module, and these to the built-in ones', async () => {
    const resolvers = resolversOf({ bot: () => 'module', table: () => 'module' }, { bot: () => 'route' });
    const found = (dimension: string) =>
      resolvers.get(dimension)?.(contextOf('http', [{ params: { requestId: 'r-1' } }]));
    expect([found('bot'), found('table'), found('request_id')]).toEqual(['route', 'module', 'r-1']);
  });

  it('finds no resolver and no value by a property that every object has', () => {
    expect(resolversOf().get('constructor')).toBeUndefined();
    const inherited = contextOf('http', [{ params: Object.create({ botId: 'inherited' }) }]);
    expect(resolversOf().get('bot')?.(inherited)).toBeUndefined();
  });

  it.each<[string, unknown[]]>([
    ['http', [{ params: { botId: 'b', requestId: 'r', tableName: 't' } }]],
    ['graphql', [{}, { botId: 'b', requestId: 'r', tableName: 't' }, {}, {}]],
    ['rpc', [{ botId: 'b', requestId: 'r', tableName: 't' }, {}]],
    ['ws', [{}, { botId: 'b', requestId: 'r', tableName: 't' }, 'pattern']],
  ])('finds bot, request ID and table in a call of %s', (type, args) => {
    const found = ['bot', 'request_id', 'table'].map((dimension) =>
      resolversOf().get(dimension)?.(contextOf(type, args)),
    );
    expect(found).toEqual(['b', 'r', 't']);
  });

  it.each<[string, unknown[], string | undefined]>([
    ['http', [{ user: { account: 'acme' }, params: { account: 'x' }, headers: { account: 'x' } }], 'acme'],
    ['http', [{ params: { account: 'x' }, headers: { account: 'x' }, body: { account: 'x' } }], undefined],
    ['graphql', [{}, { account: 'x' }, { req: { user: { account: 'acme' } } }, {}], 'acme'],
    ['rpc', [{ user: { account: 'x' }, account: 'x' }, {}], undefined],
    ['rpc', [{}, { user: { account: 'acme' } }], 'acme'],
    ['ws', [{}, { user: { account: 'x' }, account: 'x' }], undefined],
    ['ws', [{ user: { account: 'acme' } }, {}], 'acme'],
  ])('takes the account of a call of %s from the server, never from the client', (type, args, account) => {
    expect(resolversOf().get('account')?.(contextOf(type, args))).toBe(account);
  });
});
