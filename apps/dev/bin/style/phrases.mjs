// Phrases that comments, messages, documents and test names avoid, each with what to write instead.

/**
 * @typedef {object} Phrase
 * @property {RegExp} pattern is matched with a text whose line breaks are spaces
 * @property {string} prefer what to write instead
 * @property {readonly string[]} [except] folders and files in which the phrase has another, proper meaning
 */

/** A word of prose, but not a name in SQL such as `rollgate.ceiling`, `told.units` or `asked (subject)`. */
const word = (words) => new RegExp(String.raw`(?<![\w.])(?:${words})(?![\w(]|\.\w| \()`, 'gi');

/** Words at the beginning of a sentence: of a text, after a full stop, after a blank line or in a list. */
const atSentenceStart = (words) => new RegExp(String.raw`(?<=^\s*|[.!?:;|] +|  +|\* |- )(?:${words})`, 'g');

/** @type {readonly Phrase[]} */
export const PHRASES = [
  { pattern: atSentenceStart('Of [a-z]+'), prefer: 'a sentence that begins with its subject' },
  { pattern: word('(no|some)body'), prefer: 'the person or program that is meant' },
  { pattern: word('whom?ever'), prefer: 'the person or program that is meant' },
  { pattern: word('(un)?told'), prefer: 'reported, returned, sent' },
  { pattern: word('(?<!frequently )asked'), prefer: 'requested, queried, called' },
  { pattern: word('(is|are|was|were) said'), prefer: 'reported, stated' },
  { pattern: word('wish(es|ed)?'), prefer: 'limit request' },
  { pattern: word('for good(?! (reason|measure))'), prefer: 'permanently, without an end' },
  { pattern: word('holds? again'), prefer: 'restore, apply again' },
  {
    pattern: word('ceilings?'),
    prefer: 'approval limit, maximum',
    // The table is listed there.
    except: ['apps/dev/src/schema/domains.ts'],
  },
  { pattern: word('in truth'), prefer: 'actually' },
  { pattern: word('anew'), prefer: 'again' },
  { pattern: word('to be had'), prefer: 'available' },
  { pattern: word('(stood|stands?)(?!-| (for|alone|out))'), prefer: 'is, appears, stops' },
  { pattern: word('lies'), prefer: 'is' },
  { pattern: word('heed(s|ed)?'), prefer: 'uses, follows' },
  // The runtime is called Node.js or Node, and plans of Postgres have nodes. A command line (`node bin/x.mjs`) and a path are something else, too.
  { pattern: /(?<![\w.`'"/@:$-]|plan )nodes?(?![\w.`'":/(=-]| -| [\w./-]+\.m?js| \d+\.)/g, prefer: 'instance' },
];
