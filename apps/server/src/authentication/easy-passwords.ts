/**
 * Recognizes passwords that an attacker would guess early: common passwords, names, dates, keyboard runs, repeats, and
 * facts known about the person.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Scale from 0 to 4: 3 needs at least 10^8 guesses. */
const LEAST_SCORE = 3;

/** Shorter parts of a login or name ("de", "com") occur in other words by chance. */
const LEAST_WORD = 3;

// The dictionaries take some megabytes, so they are loaded only when a password is set.
let judge: ZxcvbnFactory | undefined;

/** `known`: texts that an attacker tries first, e.g. the login. Substituted letters and reversed spelling are recognized. */
export function isEasyToGuess(password: string, known: readonly string[] = []): boolean {
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return judge.check(password, [...known, ...known.flatMap(wordsOf)]).score < LEAST_SCORE;
}

/**
 * Whether only digits, punctuation and spaces remain after the words of `known` are removed: in any case, order and number,
 * forwards or backwards, with or without accents.
 */
export function isMadeOf(password: string, known: readonly string[]): boolean {
  const texts = known.flatMap((text) => [folded(text), ...wordsOf(text)]).filter((text) => text !== '');
  // Longest first, so that "annemarie" is removed as a whole and not as "anne" with a remainder.
  const words = texts.flatMap((text) => [text, backwards(text)]).sort((a, b) => b.length - a.length);
  const rest = words.reduce((left, word) => left.replaceAll(word, ' '), folded(password));
  return rest !== folded(password) && !/\p{L}/u.test(rest);
}

function wordsOf(text: string): string[] {
  const words = folded(text).split(/[^\p{L}\p{N}]+/u);
  return [...words, words.join('')].filter((word) => word.length >= LEAST_WORD);
}

function folded(text: string): string {
  return text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
}

function backwards(text: string): string {
  return [...text].reverse().join('');
}
