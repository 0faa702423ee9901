/**
 * Passwords of local accounts: argon2id with OWASP's minimum cost. Each check takes about 40 ms, and 19 MiB during that
 * time.
 */
import { randomInt } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { isEasyToGuess, isMadeOf } from './easy-passwords.js';

const PASSWORD_LEAST = 12;
export const PASSWORD_MOST = 256;

const PRODUCT = 'rollgate';
const ADVICE = 'take some words that have nothing to do with each other';

/** `Algorithm.Argon2id` is a const enum, which cannot be used when files are compiled one by one. */
const ARGON2ID = 2;
const COST = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** A placeholder hash with the same cost, so that the response time does not reveal which logins exist. */
export const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$vFsIg/CSZJslNiG3Hq0HJw$wVyeankVFquupHJJ+Oxg7/L2yVFibplZdvll3PDMoQ4';

// 32 characters, without easily confused ones: 20 of them hold 100 bits.
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** The person who will use the password. */
export interface PasswordOwner {
  readonly login: string;
  readonly displayName: string;
}

/**
 * What is wrong with the password, or undefined. It must be long, not easy to guess, and not made of known facts about its
 * owner; nothing else is required (NIST SP 800-63B). Without `owner` only the general rules are checked.
 */
export function passwordComplaint(password: string, owner?: PasswordOwner): string | undefined {
  const length = [...spelled(password)].length;
  if (length < PASSWORD_LEAST) return `a password has at least ${PASSWORD_LEAST} characters`;
  if (length > PASSWORD_MOST) return `a password has at most ${PASSWORD_MOST} characters`;
  if (!password.isWellFormed()) return 'a password is well-formed Unicode';
  const known = [PRODUCT, ...(owner === undefined ? [] : [owner.login, owner.displayName])];
  if (isMadeOf(spelled(password), known)) {
    const what = owner === undefined ? `"${PRODUCT}"` : `the login, the name or "${PRODUCT}"`;
    return `a password made of ${what} is refused: ${ADVICE}`;
  }
  if (isEasyToGuess(spelled(password), known)) return `a password that is easy to guess is refused: ${ADVICE}`;
  return undefined;
}

export function hashPassword(password: string): Promise<string> {
  return hash(spelled(password), COST);
}

/** Takes as long for `null` and always returns false then. */
export async function isPasswordOf(passwordHash: string | null | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? NOBODYS_HASH, spelled(password));
  return matches && passwordHash != null;
}

/** Four groups of five characters, e.g. `k3v9q-…`: easy to read aloud, typed once and then changed. */
export function randomPassword(): string {
  const group = () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/** Keyboards encode the same letter in different ways. */
function spelled(password: string): string {
  return password.normalize('NFKC');
}
