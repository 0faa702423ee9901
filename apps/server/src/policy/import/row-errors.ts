/** Finds the column of an import file that an error refers to. */

/** Beginnings of refusals, and the columns that they are about; `scope`: the API or the group, whichever the row names. */
const COLUMNS: readonly (readonly [RegExp, string])[] = [
  [/^(starts_at|expires_at|ends_at|factor|dimensions|account|subject): /, '$1'],
  [/^There is no API "/, 'api'],
  [/^There is no API or group "/, 'scope'],
  [/^The API "/, 'api'],
  [/^group and api: /, 'group'],
  [/^There is no plan "|^The plan "/, 'plan'],
  [/^The account /, 'account'],
  [/^A reason /, 'reason'],
  [/^The role \S+ may grant up to \d+ days/, 'expires_at'],
  [/^The role \S+ may not switch enforcement off/, 'mode'],
];

/** null: the row as a whole. `api`: of the row. */
export function columnOfMessage(message: string, { api }: { readonly api?: string | null } = {}): string | null {
  for (const [beginning, column] of COLUMNS) {
    const found = beginning.exec(message);
    if (found === null) continue;
    if (column === 'scope') return api == null ? 'group' : 'api';
    return column === '$1' ? (found[1] ?? null) : column;
  }
  return null;
}

/** `perMinute` is the column `per_minute`. */
export function columnOfPath([first]: readonly PropertyKey[]): string | null {
  return first === undefined ? null : String(first).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
