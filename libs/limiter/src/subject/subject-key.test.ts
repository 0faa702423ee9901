import { describe, expect, test } from '@jest/globals';
import { Catalogue, LANES } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import fc from 'fast-check';
import { encodeAccount, laneOf, parseSubjectKey, subjectKey } from './subject-key.js';
import { InvalidRequestError } from './subject-ref.js';

const publish = sampleCatalogue.get('publish-bot');
const insert = sampleCatalogue.get('insert-data');
const getBots = sampleCatalogue.get('get-bots');

test.each([
  [publish, { bot: 'b-17' }, 'acme/publish-bot/bot=b-17'],
  [insert, { table: 'orders' }, 'acme/insert-data/table=orders'],
  [getBots, {}, 'acme/get-bots/'],
  [publish, {}, 'acme/publish-bot/bot=*'],
  [publish, { bot: '*' }, 'acme/publish-bot/bot=%2A'],
  [publish, { bot: 'a/b,c=d%' }, 'acme/publish-bot/bot=a%2Fb%2Cc%3Dd%25'],
  [publish, { bot: '"\\' }, 'acme/publish-bot/bot=%22%5C'],
  [publish, { bot: 'a\r\nb' }, 'acme/publish-bot/bot=a%0D%0Ab'],
])('%# the key contains the account, the API and the values of its dimensions', (entry, dimensions, key) => {
  expect(subjectKey(entry, 'acme', { dimensions })).toBe(key);
});

test.each([
  [
    publish,
    { bott: 'b' },
    'dimensions.bott: is no dimension of "publish-bot", which counts by "bot", did you mean "bot"?',
    ['bot'],
  ],
  [publish, { bot: 'b', bott: undefined }, 'dimensions.bott: is no dimension', ['bot']],
  [publish, { Bot: 'b' }, 'did you mean "bot"?', ['bot']],
  [insert, { tabel: 'orders' }, 'which counts by "account", "table", did you mean "table"?', ['table']],
  [getBots, { bot: 'b' }, 'which counts by "account"', []],
  [publish, { bot: 'b', account: 'other' }, 'dimensions.account: is another account', []],
])(
  '%# a dimension that the API does not count by is rejected, with the nearest names',
  (entry, dimensions, message, nearest) => {
    let thrown: unknown;
    try {
      subjectKey(entry, 'acme', { dimensions });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidRequestError);
    expect((thrown as Error).message).toContain(message);
    expect((thrown as InvalidRequestError).nearest).toEqual(nearest);
  },
);

test('the account may be repeated among the dimensions, in any Unicode normalization form', () => {
  const account = 'caf\u00e9/1';
  expect(subjectKey(publish, encodeAccount(account), { dimensions: { bot: 'b', account: 'cafe\u0301/1' } })).toBe(
    `${encodeAccount(account)}/publish-bot/bot=b`,
  );
});

test('another level gives another key', () => {
  const dimensions = { bot: 'b', user: 'u' };
  expect(subjectKey(publish, 'acme', { dimensions, level: ['bot', 'user'] })).toBe('acme/publish-bot/bot=b,user=u');
});

test('a group that is counted together has one key for all its APIs', () => {
  const catalogue = new Catalogue([
    {
      id: 'g',
      title: 'G',
      level: ['bot'],
      scope: 'group',
      limits: { perMinute: 1, perHour: 1 },
      apis: [
        { id: 'a', title: 'A' },
        { id: 'b', title: 'B' },
      ],
    },
  ]);
  const keys = ['a', 'b'].map((id) => subjectKey(catalogue.get(id), 'acme', { dimensions: { bot: 'x' } }));
  expect(keys).toEqual(['acme/@g/bot=x', 'acme/@g/bot=x']);
});

test('different values have different keys, and the values can be parsed from the key', () => {
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((s) => s.trim() !== '' && !s.includes('\0'));
  const level = ['bot', 'user'];
  fc.assert(
    fc.property(value, value, value, (account, bot, user) => {
      const key = subjectKey(publish, encodeAccount(account), { level, dimensions: { bot, user } });
      const said = parseSubjectKey(key);
      expect(said).toEqual({
        account: account.normalize('NFC'),
        scope: 'publish-bot',
        dimensions: { bot: bot.normalize('NFC'), user: user.normalize('NFC') },
      });
    }),
    { numRuns: 500 },
  );
});

test('composed and decomposed Unicode forms of a text are one subject', () => {
  const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301'].map((bot) =>
    subjectKey(publish, 'acme', { dimensions: { bot } }),
  );
  expect(decomposed).toBe(composed);
});

describe('malformed subjects', () => {
  test.each([
    ['', 'must not be blank'],
    ['  ', 'must not be blank'],
    ['a\0b', 'must not contain NUL'],
    ['\ud800', 'must be well-formed Unicode'],
    ['x'.repeat(257), 'must be at most 256 bytes'],
    ['é'.repeat(129), 'must be at most 256 bytes'],
    [['a'] as unknown as string, 'must be a string'],
    [{} as unknown as string, 'must be a string'],
    [7 as unknown as string, 'must be a string'],
    [null as unknown as string, 'must be a string'],
  ])('an account or dimension value of %j is rejected', (bot, reason) => {
    expect(() => subjectKey(publish, 'acme', { dimensions: { bot } })).toThrow(
      new InvalidRequestError('dimensions.bot', reason),
    );
    expect(() => encodeAccount(bot)).toThrow(new InvalidRequestError('account', reason));
  });

  test('a dimension named like a property of Object.prototype stays unresolved', () => {
    expect(subjectKey(publish, 'acme', { level: ['constructor'], dimensions: {} })).toBe(
      'acme/publish-bot/constructor=*',
    );
  });
});

test('accounts are spread evenly over the lanes', () => {
  const counts = new Array<number>(LANES).fill(0);
  const accounts = 64_000;
  for (let i = 0; i < accounts; i++) {
    const lane = laneOf(`account-${i}`);
    counts[lane] = (counts[lane] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan((accounts / LANES) * 0.8);
  expect(Math.max(...counts)).toBeLessThan((accounts / LANES) * 1.2);
});
