/** The form of a policy file's items: no field that a file may have is lost on the way to the database, or back. */
import { expect, test } from '@jest/globals';
import { type Section, tidyItem } from './policy-content.js';
import { itemSchemas } from './policy-file.schemas.js';

/** An item of each section with every field that its form has, in the order of the file. */
const ITEMS: Readonly<Record<Section, object>> = {
  catalogue: { api: 'publish-bot', perMinute: 1, perHour: 2, shadow: true },
  plans: { id: 'pro', title: 'Pro', description: 'For teams', retired: true, limits: [] },
  assignments: {
    account: 'acme',
    plan: 'pro',
    startsAt: '2030-01-01T00:00:00Z',
    endsAt: '2031-01-01T00:00:00Z',
    reason: 'contract',
    ticket: 'SALES-1',
  },
  overrides: {
    account: 'acme',
    group: 'bots',
    api: 'publish-bot',
    dimensions: { bot: 'b' },
    perMinute: 1,
    perHour: 2,
    factor: 3,
    extraMinute: 4,
    extraHour: 5,
    mode: 'shadow',
    startsAt: '2030-01-01T00:00:00Z',
    expiresAt: '2031-01-01T00:00:00Z',
    reason: 'launch',
    ticket: 'SUP-1',
  },
};

test.each(Object.entries(ITEMS) as [Section, object][])(
  'every field that an item of %s may have is kept',
  (section, item) => {
    expect(Object.keys(item).toSorted()).toEqual(Object.keys(itemSchemas[section].shape).toSorted());
    const kept = tidyItem(section, item as never);
    expect(kept).toEqual(item);
    expect(Object.keys(kept)).toEqual(Object.keys(item));
  },
);

test('extra units stay in an override', () => {
  const item = { account: 'acme', extraMinute: 5, extraHour: 500, expiresAt: '2030-01-01T00:00:00Z' };
  expect(tidyItem('overrides', item)).toEqual(item);
});
