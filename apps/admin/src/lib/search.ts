/** The URL's search as flat text: `?account=acme&api=publish-bot`. An account named 007 remains text. */
export type Fields<Name extends string> = Partial<Record<Name, string>>;

/** Reads only these fields from the URL and drops all others. */
export function fields<Name extends string>(
  ...names: readonly Name[]
): (search: Record<string, unknown>) => Fields<Name> {
  return (search) =>
    Object.fromEntries(
      names
        .map((name) => [name, search[name]] as const)
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => [name, String(value)]),
    ) as Fields<Name>;
}

export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function stringifySearch(search: Record<string, unknown>): string {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? '' : `?${text}`;
}

/** The dimensions of one subject in one field: `bot=b-17&user=u-3`. */
export const toValues = (dimensions: Readonly<Record<string, string>>): string =>
  new URLSearchParams(dimensions).toString();
export const fromValues = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(text ?? ''));
