/** What tests of every route must send, so that a route answers with 200. */

/** Query parameters without which a route refuses every request, by its path. */
export const NEEDED_QUERY: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/admin/api/what-if': { change: 'default', api: 'publish-bot', perMinute: '5' },
};

/** The path with the parameters that it needs, and these. */
export function withQuery(path: string, query: Readonly<Record<string, string>> = {}): string {
  const all = new URLSearchParams({ ...NEEDED_QUERY[path], ...query }).toString();
  return all === '' ? path : `${path}?${all}`;
}
