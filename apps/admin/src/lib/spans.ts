/** The time ranges that end now. */
const HOUR_MS = 3_600_000;

export const SPANS = {
  '1h': HOUR_MS,
  '24h': 24 * HOUR_MS,
  '7d': 168 * HOUR_MS,
  '30d': 720 * HOUR_MS,
  '90d': 2_160 * HOUR_MS,
} as const;
export type SpanName = keyof typeof SPANS;

export const isSpan = (name: string | undefined): name is SpanName => name !== undefined && name in SPANS;

export const SPAN_OPTIONS: { value: SpanName; label: string }[] = [
  { value: '1h', label: 'Last hour' },
  { value: '24h', label: 'Last 24 h' },
  { value: '7d', label: 'Last 7 days' },
  { value: '30d', label: 'Last 30 days' },
  { value: '90d', label: 'Last 90 days' },
];
