/** The fields that a change changed, before and after. */
import { capital, count, extraText, utc } from '../lib/format.js';

type Facts = Readonly<Record<string, unknown>> | null;

/** Fields that are shown elsewhere in the same entry, or that mean nothing to people. */
const HIDDEN = new Set(
  (
    'version created_in changed_in created_at changed_at created_by changed_by id number lane reason ticket account ' +
    'asked_by askedBy createdBy changedBy createdAt changedAt asked_at askedAt decided_at decidedAt'
  ).split(' '),
);

/** The names of fields whose spelling in the history does not explain them. */
const NAMES: Readonly<Record<string, string>> = {
  api: 'API',
  group: 'API group',
  perMinute: 'Limit in 60 s',
  perHour: 'Limit in 1 h',
  shippedPerMinute: 'Original limit in 60 s',
  shippedPerHour: 'Original limit in 1 h',
  factor: 'Multiple of default',
  extraMinute: 'Extra units',
  extraHour: 'Extra units',
  minuteUsed: 'Forgiven in 60 s',
  hourUsed: 'Forgiven in 1 h',
  mode: 'Enforcement mode',
  startsAt: 'Starts',
  expiresAt: 'Expires',
  until: 'Requested until',
  needsAdmin: 'Needs an admin',
  decidedBy: 'Reviewed by',
  lowered: 'Lowered limits',
  requestId: 'Limit request',
  limitRequestId: 'Limit request',
  denialId: 'Denial ID',
  overrideId: 'Override',
  signsInBy: 'Sign-in method',
};

/** A new item's fields that have their initial value are left out. */
const isInitial = (value: unknown) => value === null || value === undefined || value === false || value === 'open';

export function Diff({ before, after }: { before: Facts; after: Facts }) {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (field) =>
      !HIDDEN.has(field) &&
      text(field, before?.[field]) !== text(field, after?.[field]) &&
      !(before === null && isInitial(after?.[field])),
  );
  if (fields.length === 0) return null;
  return (
    <dl className="diff">
      {fields.map((field) => (
        <div key={field} style={{ display: 'contents' }}>
          <dt>{nameOf(field)}</dt>
          <dd>
            {before !== null && (
              <>
                <del>{text(field, before[field])}</del>{' '}
                <span aria-label="changed to" role="img">
                  →
                </span>{' '}
              </>
            )}
            <ins>{text(field, after?.[field])}</ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const nameOf = (field: string) =>
  NAMES[field] ??
  capital(
    field
      .replace(/([A-Z])/g, ' $1')
      .replaceAll('_', ' ')
      .toLowerCase(),
  );

/** The scopes of an override. */
const SCOPES: Readonly<Record<string, string>> = {
  account: 'whole account',
  group: 'API group',
  api: 'API',
  subject: 'one subject',
};

/** What the absence of a value means, if not "none". */
const ABSENT: Readonly<Record<string, string>> = { perMinute: 'default', perHour: 'default', expiresAt: 'never' };

function text(field: string, value: unknown): string {
  if (value === null || value === undefined || value === '') return ABSENT[field] ?? 'none';
  if (field === 'scope') return SCOPES[String(value)] ?? String(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (field === 'extraMinute' || field === 'extraHour') {
    return extraText(field === 'extraHour' ? 'hour' : 'minute', Number(value));
  }
  if (typeof value === 'number') return count(value);
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return utc(value);
  if (Array.isArray(value)) return value.map((item) => (isLowered(item) ? item.text : String(item))).join('; ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A limit that the change lowered; `text` is a sentence about it. */
function isLowered(item: unknown): item is { readonly text: string } {
  return typeof item === 'object' && item !== null && 'text' in item && typeof item.text === 'string';
}
