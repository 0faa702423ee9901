import { PHRASES } from './phrases.mjs';
import { proseOf } from './prose.mjs';

/**
 * The phrases of a file that the project avoids, each as a message that starts with `path:line`.
 *
 * @param {string} path relative to the project
 * @param {string} text
 * @returns {string[]} in the order of their lines
 */
export function checkPhrases(path, text) {
  const phrases = PHRASES.filter(({ except = [] }) => !except.some((place) => path.startsWith(place)));
  return proseOf(path, text)
    .flatMap((prose) => phrases.flatMap((phrase) => occurrences(prose, phrase)))
    .sort((a, b) => a.line - b.line)
    .map(({ line, found, prefer }) => `${path}:${line}: avoid "${found}"; write: ${prefer}`);
}

function occurrences({ text, line }, { pattern, prefer }) {
  return [...text.replaceAll('\n', ' ').matchAll(pattern)].map(({ 0: found, index }) => ({
    line: line + text.slice(0, index).split('\n').length - 1,
    found,
    prefer,
  }));
}
