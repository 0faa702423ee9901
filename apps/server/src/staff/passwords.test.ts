import { expect, test } from '@jest/globals';
import { hashPassword, isPasswordOf, NOBODYS_HASH, passwordComplaint, randomPassword } from './passwords.js';

test('nobody’s hash costs what a real one does', async () => {
  const cost = (hash: string) => hash.split('$').slice(0, 4);
  expect(cost(await hashPassword('a password of ours'))).toEqual(cost(NOBODYS_HASH));
});

test('a person without a password has none, not even nobody’s', async () => {
  expect(await isPasswordOf(null, 'xxxxxxxxxxxx')).toBe(false);
  expect(await isPasswordOf(undefined, 'xxxxxxxxxxxx')).toBe(false);
  expect(await isPasswordOf(NOBODYS_HASH, 'xxxxxxxxxxxx')).toBe(true);
});

test('two spellings of one password are one', async () => {
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
])('%#: what is wrong with a password', (password, complaint) => {
  expect(passwordComplaint(password)).toBe(complaint);
});

test('a random one passes, and is another each time', () => {
  expect(passwordComplaint(randomPassword())).toBeUndefined();
  expect(new Set(Array.from({ length: 100 }, randomPassword)).size).toBe(100);
});
