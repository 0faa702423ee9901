/** A strict parser of the syntax of our header fields: a list of strings with integer parameters (RFC 9651). */
export type Item = { readonly name: string } & { readonly [parameter: string]: number | string };

export function parseList(field: string | null): Item[] {
  if (field === null) throw new Error('the field is missing');
  let rest = field;
  const take = (pattern: RegExp): string => {
    const match = pattern.exec(rest);
    if (match?.index !== 0) throw new Error(`malformed at "${rest}" of "${field}"`);
    rest = rest.slice(match[0].length);
    return match[1] ?? '';
  };
  const items: Item[] = [];
  for (;;) {
    const item: Record<string, string | number> = { name: take(/"([\x20-\x21\x23-\x5b\x5d-\x7e]*)"/) };
    while (rest.startsWith(';')) {
      const key = take(/;([a-z*][a-z0-9_.*-]*)=/);
      item[key] = Number(take(/(\d{1,15})(?![\d.])/));
    }
    items.push(item as Item);
    if (rest === '') return items;
    take(/[ \t]*,[ \t]*(?=")/);
  }
}
