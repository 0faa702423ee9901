/**
 * Text of others as a person can read it safely: characters that show nothing, or turn the order of what stands beside
 * them, stand as their code, e.g. `b\u{202e}17`. Subjects keep them (they are what a caller is counted by); whatever
 * shows a subject to a person shows them.
 */

// Controls; soft hyphen; joiners and marks that show nothing; the bidirectional ones; line and paragraph separators; tags.
// U+200C and U+200D stay: Persian, and families of emoji, are spelled with them.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

export function visibleText(text: string): string {
  return text.replace(UNSEEN, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
