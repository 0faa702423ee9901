/** Secrets that a machine keeps: 256 random bits need no slow hash, only one that can't be turned back. */
import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Base64url, 43 characters. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** SHA-256 in hex: all that is ever stored. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
