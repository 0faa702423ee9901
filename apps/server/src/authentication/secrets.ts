/** Secrets for machines: 256 random bits do not need a slow hash, only a one-way hash. */
import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Base64url, 43 characters. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** SHA-256 in hex. Only this hash is stored. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
