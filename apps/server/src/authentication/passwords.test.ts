import { expect, test } from '@jest/globals';
import { hashPassword, isPasswordOf, NOBODYS_HASH, passwordComplaint, randomPassword } from './passwords.js';

test('checking the password of an unknown login takes as long as a real check', async () => {
  const cost = (hash: string) => hash.split('$').slice(0, 4);
  expect(cost(await hashPassword('a password of ours'))).toEqual(cost(NOBODYS_HASH));
});

test('a person without a password cannot sign in with any, not even the one of the placeholder hash', async () => {
  expect(await isPasswordOf(null, 'xxxxxxxxxxxx')).toBe(false);
  expect(await isPasswordOf(undefined, 'xxxxxxxxxxxx')).toBe(false);
  expect(await isPasswordOf(NOBODYS_HASH, 'xxxxxxxxxxxx')).toBe(true);
});

test('two Unicode spellings of one password are the same password', async () => {
  expect(await isPasswordOf(await hashPassword('pa\u0308ssword ﬁve'), 'p\u00e4ssword five')).toBe(true);
});

const EASY = 'a password that is easy to guess is refused: take some words that have nothing to do with each other';

test.each([
  ['x'.repeat(11), 'a password has at least 12 characters'],
  ['giraffe-nu', 'a password has at least 12 characters'],
  ['giraffe-nut-pylon', undefined],
  ['passwordpassword', EASY],
  ['Password1234!', EASY],
  ['qwertyuiop12', EASY],
  ['x'.repeat(12), EASY],
  ['🙂'.repeat(11), 'a password has at least 12 characters'],
  ['x'.repeat(257), 'a password has at most 256 characters'],
  [`${'x'.repeat(12)}\ud800`, 'a password is well-formed Unicode'],
])('a password is accepted or refused with the right message (case %#)', (password, complaint) => {
  expect(passwordComplaint(password)).toBe(complaint);
});

const OWN =
  'a password made of the login, the name or "rollgate" is refused: take some words that have nothing to do with each other';
const ANN = { login: 'annemarie.wolkenstein@example.com', displayName: 'Annemarie Wölkenstein' };

test.each([
  // The login, unchanged and disguised.
  'annemarie.wolkenstein@example.com',
  'Annemarie.Wolkenstein@Example.COM',
  'moc.elpmaxe@nietsneklow.eiramenna',
  'annemarie.wolkenstein',
  'annemariewolkenstein',
  'ANNEMARIE_WOLKENSTEIN',
  'annemarie.wolkenstein@example.com1',
  '2026annemarie.wolkenstein!',
  'wolkenstein2026!',
  'Wolkenstein-Annemarie-1',
  'nietsneklow123',
  'annemarie1annemarie2',
  'example.com-2026',
  // The name.
  'Annemarie Wölkenstein',
  'Wölkenstein2026',
  // The product.
  'rollgate1234',
  'Rollgate2026!',
  '!!ROLLGATE!!99',
  'etagllor-2026',
  'rollgaterollgate',
  'Rollgate-annemarie-7',
])('the password %s, made only of known facts, is refused', (password) => {
  expect(passwordComplaint(password, ANN)).toBe(OWN);
});

test.each(['r0llg4te2026', 'R011gate!2026', 'w0lkenst31n-26'])(
  'the password %s, with letters written as digits, is refused',
  (password) => {
    expect(passwordComplaint(password, ANN)).toBeDefined();
  },
);

test.each(['giraffe-nut-pylon', 'the rollgate of my grey giraffe', 'annemarie eats purple pylons'])(
  'the password %s, which adds words of its own, is accepted',
  (password) => {
    expect(passwordComplaint(password, ANN)).toBeUndefined();
  },
);

test('a login of only digits is not accepted as a password, and a two-letter login forbids no word', () => {
  expect(passwordComplaint('480239175562', { login: '480239175562', displayName: '480239175562' })).toBe(OWN);
  expect(passwordComplaint('giraffe-nut-pylon', { login: 'nu', displayName: 'e' })).toBeUndefined();
});

test('a random password is accepted and is different each time', () => {
  expect(passwordComplaint(randomPassword())).toBeUndefined();
  expect(new Set(Array.from({ length: 100 }, randomPassword)).size).toBe(100);
});
