/** Passwords that are found fast by who tries the likely ones first: known ones, names, dates, keyboard runs, repeats. */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Of 0 to 4: 3 takes 10^8 guesses and more. */
const LEAST_SCORE = 3;

// Its dictionaries take some megabytes: made when somebody sets a password.
let judge: ZxcvbnFactory | undefined;

export function isEasyToGuess(password: string): boolean {
  judge ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return judge.check(password).score < LEAST_SCORE;
}
