import { expect, test } from '@jest/globals';
import { CountedNotes } from './counted-notes.js';
import type { SignInNote } from './notes.js';

const refused = (address: string): SignInNote => ({
  outcome: 'too_many_attempts',
  method: 'password',
  login: null,
  staffId: null,
  address,
  userAgent: 'curl',
  requestId: address,
});

test('the same event from one address is counted, with the details of the first time', () => {
  const notes = new CountedNotes();
  for (let n = 0; n < 3; n++) notes.add({ ...refused('203.0.113.7'), requestId: `r-${n}` });
  notes.add(refused('203.0.113.8'));
  notes.add({ ...refused('203.0.113.7'), method: 'oidc' });
  expect(notes.take()).toEqual([
    { ...refused('203.0.113.7'), requestId: 'r-0', times: 3 },
    { ...refused('203.0.113.8'), times: 1 },
    { ...refused('203.0.113.7'), method: 'oidc', times: 1 },
  ]);
  expect(notes.take()).toEqual([]);
});

test('above 1,000 addresses, more of them are counted together, and those that are kept apart are still counted', () => {
  const notes = new CountedNotes();
  for (let n = 0; n < 1_500; n++) notes.add(refused(`2001:db8::${n}`));
  notes.add(refused('2001:db8::1'));
  const taken = notes.take();
  expect(taken).toHaveLength(1_001);
  expect(taken.filter(({ times }) => times > 1)).toEqual([
    { ...refused('2001:db8::1'), times: 2 },
    { ...refused(''), address: null, userAgent: null, requestId: null, times: 500 },
  ]);
});

test('what could not be written is counted again', () => {
  const notes = new CountedNotes();
  notes.add(refused('203.0.113.7'));
  const taken = notes.take();
  notes.add(refused('203.0.113.7'));
  notes.giveBack(taken);
  expect(notes.take()).toEqual([{ ...refused('203.0.113.7'), times: 2 }]);
});
