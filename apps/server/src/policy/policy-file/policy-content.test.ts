/** The form of a policy file's items: no field that a file may have is lost on the way to the database, or back. */
import { expect, test } from '@jest/globals';
import { sectionFields, tidyItem } from './policy-content.js';
import { itemSchemas } from './policy-file.schemas.js';

const SECTIONS = ['catalogue', 'plans', 'assignments', 'overrides'] as const;

test.each(SECTIONS)('every field that an item of %s may have is kept', (section) => {
  expect(sectionFields(section).toSorted()).toEqual(Object.keys(itemSchemas[section].shape).toSorted());
});

test('extra units stay in an override', () => {
  const item = { account: 'acme', extraMinute: 5, extraHour: 500, expiresAt: '2030-01-01T00:00:00Z' };
  expect(tidyItem('overrides', item)).toEqual(item);
});
