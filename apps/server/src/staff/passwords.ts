/** Passwords of local accounts: argon2id, with OWASP's least cost. One costs about 40 ms and 19 MiB for as long. */
import { randomInt } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { isEasyToGuess, isMadeOf } from './easy-passwords.js';

export const PASSWORD_LEAST = 12;
export const PASSWORD_MOST = 256;

const PRODUCT = 'rollgate';
const ADVICE = 'take some words that have nothing to do with each other';

/** `Algorithm.Argon2id` is a const enum, which a single file can't be compiled with. */
const ARGON2ID = 2;
const COST = { algorithm: ARGON2ID, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Of nobody's password, at the same cost: to tell nobody by the time which logins there are. */
export const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$vFsIg/CSZJslNiG3Hq0HJw$wVyeankVFquupHJJ+Oxg7/L2yVFibplZdvll3PDMoQ4';

// 32 of them, without those that are taken for each other: 20 letters hold 100 bits.
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789';

/** Whose password it is to be. */
export interface PasswordOwner {
  readonly login: string;
  readonly displayName: string;
}

/**
 * What is wrong with it, or undefined. Long, not easy to guess and not made of what everybody knows of its owner is all that
 * is required (NIST SP 800-63B). Without `owner` only what holds for everybody is checked.
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

/** As long for `null`, whatever the password: nobody has that one. */
export async function isPasswordOf(passwordHash: string | null | undefined, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? NOBODYS_HASH, spelled(password));
  return matches && passwordHash != null;
}

/** Four groups of five letters, e.g. `k3v9q-…`: to be read out, typed once and changed. */
export function randomPassword(): string {
  const group = () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  return Array.from({ length: 4 }, group).join('-');
}

/** Keyboards spell one letter differently. */
function spelled(password: string): string {
  return password.normalize('NFKC');
}
