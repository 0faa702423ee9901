import { expect, test } from '@jest/globals';
import { laneForm } from './lane-form.js';
import { readSql } from './run-sql.js';

const [cold, secondOf] = await Promise.all(
  ['acquire_cold', 'second_of'].map((name) => readSql(`functions/${name}.sql`)),
);

test('the form for one lane reads and writes no table', () => {
  const made = laneForm(cold as string, secondOf as string);
  expect(made).toContain('FUNCTION rollgate.decide_lane(');
  expect(made).not.toMatch(/(?:FROM|JOIN|INTO|UPDATE) rollgate\.(?:counter|bucket|lane|minutes_on_record)\b/);
  expect(made).not.toMatch(/\b(?:INSERT|UPDATE|DELETE|ctid|p_lanes|p_done)\b/);
});

test.each([
  ['FROM rollgate.bucket\n', 'FROM ONLY rollgate.bucket\n'],
  ['head.ctid = decided.old_row', 'head.subject = decided.subject'],
  ['hour_next = decided.hour_next,', 'hour_next = decided.hour_next, unknown = 1,'],
])('a source in which %j has changed is refused, so that no part of it is left behind', (from, to) => {
  expect(cold).toContain(from);
  expect(() => laneForm((cold as string).replace(from, to), secondOf as string)).toThrow(/lane.form/);
});
