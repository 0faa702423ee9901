import { randomBytes } from 'node:crypto';

/**
 * An ID is 96 random bits of the process and a counter, so a denial costs no random number of its own, even at a
 * million denials a second.
 */
const process96 = randomBytes(12).toString('base64url');
let given = 0;

/** Returns a new ID for a decision or a limit event, e.g. `3q2-7wEjRVZ4mqvM-1c`. */
export const nextId = (): string => `${process96}-${(given++).toString(36)}`;
