/** The functions that report usage, as they read the counters on Citus: through the functions of citus/readers.sql. */
import type { FunctionFile } from './function-files.js';
import { SourceText } from './source-text.js';

const MAKER = 'migrations/citus-readers.ts';

/** A range of keys that contains this key only: keys have no control characters. */
const only = (key: string): string => `${key}, ${key} || chr(1)`;

/** What each function reads, and through what. A table that is not listed is read whole. */
const READS: Readonly<Record<string, ReadonlyArray<readonly [from: string | RegExp, to: string]>>> = {
  account_seen: [
    [/rollgate\.counter c(?=\s+WHERE c\.lane = g)/g, `rollgate.read_heads(ARRAY[g], v_key || '/', v_key || '0') c`],
    [/rollgate\.bucket b(?=\s+WHERE b\.lane = g)/g, `rollgate.read_buckets(ARRAY[g], v_key || '/', v_key || '0', 0) b`],
  ],
  begin_roll_up: [['rollgate.minutes_on_record', 'rollgate.read_oldest()']],
  calls_on_record: [
    [
      /rollgate\.minutes_on_record m(?=\s+WHERE m\.lane = t\.lane)/g,
      minutesOf('ARRAY[t.lane]', 't.subject', 'p_from - 60, p_to'),
    ],
    ['rollgate.minutes_on_record m', `rollgate.read_minutes(p_lanes, '', NULL, p_from - 60, p_to) m`],
  ],
  find_accounts: [
    [
      /rollgate\.counter c(?=\s+WHERE c\.lane = g AND c\.subject >= greatest)/g,
      `rollgate.read_next(g, greatest(
        p_prefix COLLATE "C", CASE WHEN p_after <> '' THEN p_after || '0' END COLLATE "C")) c`,
    ],
    [/rollgate\.counter c(?=\s+WHERE c\.lane = w\.lane)/g, `rollgate.read_next(w.lane, w.key || '0') c`],
    [
      /rollgate\.counter c(?=\s+WHERE c\.lane = g AND c\.subject >= p_prefix)/g,
      `rollgate.read_next(g, p_prefix || '/') c`,
    ],
  ],
  find_subjects: [['rollgate.counter c', 'rollgate.read_valued(hashtext(rollgate.encode_part(p_value)) & 65535) c']],
  heads_of: [['rollgate.counter h', `rollgate.read_heads(NULL, p_key || '/', p_key || '0') h`]],
  live_usage: [
    [/rollgate\.counter h(?=\s+WHERE p_marked)/g, 'rollgate.read_near(v_second / 3600 - 1) h'],
    [
      /rollgate\.bucket b(?=\s+WHERE live\.minute)/g,
      `rollgate.read_buckets(ARRAY[live.lane], ${only('live.subject')}, now_minute - 60) b`,
    ],
    ['JOIN rollgate.lane ON', 'JOIN rollgate.read_lanes() lane ON'],
  ],
  minutes_of_subjects: [
    ['JOIN rollgate.minutes_on_record m', `JOIN LATERAL ${minutesOf('ARRAY[s.lane]', 's.subject', 'p_from, p_to')}`],
    ['JOIN rollgate.counter c', `JOIN LATERAL rollgate.read_heads(ARRAY[s.lane], ${only('s.subject')}) c`],
  ],
  oldest_minute: [['rollgate.minutes_on_record m', 'rollgate.read_oldest() m']],
  recheck_decisions: [
    [/rollgate\.minutes_on_record m(?= WHERE m\.lane = c\.lane)/g, minutesOf('ARRAY[c.lane]', 'c.subject', '0')],
    ['rollgate.counter c', `rollgate.read_heads(rollgate.lanes_of(j.lane), ${only('j.subject')}) c`],
  ],
  roll_up_units: [
    [
      'rollgate.minutes_on_record m',
      `rollgate.read_minutes(ARRAY[p_lane], p_after, v_to || chr(1), v_minute - 60, v_minute + 59) m`,
    ],
  ],
  usage_by_minute: [
    ['rollgate.minutes_on_record m', `rollgate.read_minutes(ARRAY[p_lane], p_prefix, left(p_prefix, -1) || '0') m`],
  ],
  usage_by_second: [
    [
      'rollgate.minutes_on_record m',
      'rollgate.read_minutes(ARRAY[p_lane], p_prefix, left(p_prefix, -1) || chr(ascii(right(p_prefix, 1)) + 1)) m',
    ],
  ],
  window_filling: [['rollgate.counter c', `rollgate.read_heads(v_lanes, ${only('p_subject')}) c`]],
  units_by_second: [['rollgate.minutes_on_record m', minutesOf('p_lanes', 'p_subject', 'p_from / 60, p_to / 60')]],
};

/** Tables that may be joined with the coordinator's in these functions only through a reader. */
const REST: ReadonlyArray<readonly [RegExp, string]> = [
  [/(FROM|JOIN) rollgate\.counter (?=[a-z])/g, '$1 rollgate.read_heads() '],
  [/(FROM|JOIN) rollgate\.minutes_on_record (?=[a-z])/g, '$1 rollgate.read_minutes() '],
];

/** Functions whose simple statements name one lane, or all, and need no reader. */
const STRAIGHT = new Set(['roll_up_units']);

function minutesOf(lanes: string, key: string, minutes: string): string {
  return `rollgate.read_minutes(${lanes}, ${only(key)}, ${minutes}) m`;
}

/** The functions that read through others on Citus, in that form. @throws Error if the source of one has another shape */
export function readersOf(files: readonly FunctionFile[]): FunctionFile[] {
  return files.flatMap((file) => {
    const name = file.name.replace('rollgate.', '');
    const reads = READS[name];
    if (reads === undefined) return [];
    const text = new SourceText(MAKER, file.sql);
    for (const [from, to] of reads) text.replaceAll(from, to);
    let sql = text.value;
    if (!STRAIGHT.has(name)) for (const [from, to] of REST) sql = sql.replaceAll(from, to);
    return [{ ...file, sql }];
  });
}
