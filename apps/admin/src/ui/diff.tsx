/** What a change changed: only what differs, before and after. */
import { count, utc } from '../lib/format.js';

type Facts = Readonly<Record<string, unknown>> | null;

/** Told elsewhere on the line, or of no use to people. */
const SILENT = new Set(
  (
    'version created_in changed_in created_at changed_at created_by changed_by id number lane reason ticket account ' +
    'asked_by askedBy createdBy changedBy createdAt changedAt asked_at askedAt decided_at decidedAt'
  ).split(' '),
);
/** What a new thing has from the start says nothing. */
const isPlain = (value: unknown) => value === null || value === undefined || value === false || value === 'open';

export function Diff({ before, after }: { before: Facts; after: Facts }) {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (name) =>
      !SILENT.has(name) && text(before?.[name]) !== text(after?.[name]) && !(before === null && isPlain(after?.[name])),
  );
  if (names.length === 0) return null;
  return (
    <dl className="diff">
      {names.map((name) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{label(name)}</dt>
          <dd>
            {before !== null && (
              <>
                <del>{text(before[name])}</del>{' '}
                <span aria-label="becomes" role="img">
                  →
                </span>{' '}
              </>
            )}
            <ins>{text(after?.[name])}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const label = (name: string) =>
  name
    .replace(/([A-Z])/g, ' $1')
    .replaceAll('_', ' ')
    .toLowerCase()
    .replace('group id', 'group');

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'none';
  if (typeof value === 'number') return count(value);
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return utc(value);
  if (Array.isArray(value)) return value.map((item) => (isLowered(item) ? item.text : String(item))).join('; ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A limit that fell by the change, in a sentence. */
function isLowered(item: unknown): item is { readonly text: string } {
  return typeof item === 'object' && item !== null && 'text' in item && typeof item.text === 'string';
}
