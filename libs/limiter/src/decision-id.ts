import { randomBytes } from 'node:crypto';

/** Unique by 96 random bits of this process and a counter: no random number for each of a million denials a second. */
const process96 = randomBytes(12).toString('base64url');
let given = 0;

/** Names one decision, or one limit event, e.g. `3q2-7wEjRVZ4mqvM-1c`. */
export const nextId = (): string => `${process96}-${(given++).toString(36)}`;
