/** Accounts and values have the same form in a subject's key, whether SQL or TypeScript writes it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import { encodeAccount } from '../src/subject/subject-key.js';
import { ODD_TEXTS } from '../src/testing/hostile-texts.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const text = fc
  .oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: fc.constantFrom(...'%/,=*"\\\u0001\u001f\u007f aZé0A2F😀') }))
  .map((value) => value.normalize('NFC'))
  .filter((value) => value.trim() !== '');

test('the database encodes and decodes parts of a key like the limiter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 50 }), async (texts) => {
      const { rows } = await database.pool.query<{ encoded: string; decoded: string }>(
        `SELECT rollgate.encode_part(t) AS encoded, rollgate.decode_part(rollgate.encode_part(t)) AS decoded
         FROM unnest($1::text[]) WITH ORDINALITY AS u (t, place) ORDER BY place`,
        [texts],
      );
      expect(rows.map(({ encoded }) => encoded)).toEqual(texts.map(encodeAccount));
      expect(rows.map(({ decoded }) => decoded)).toEqual(texts);
    }),
    { numRuns: 50 },
  );
});
