/**
 * Text from outside, made safe for people to read. Subjects keep all their characters, because they identify what is counted.
 */

// Control characters; soft hyphen; invisible joiners and marks; bidirectional controls; line and paragraph separators; tags.
// U+200C and U+200D are not listed, because Persian text and emoji sequences need them.
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression must match control characters
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/gu;

/**
 * Replaces each invisible character, and each that changes the direction of the text around it, by its code, e.g. `b\u{202e}17`.
 * Use it wherever a subject is shown to a person.
 */
export function visibleText(text: string): string {
  return text.replace(UNSEEN, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}
