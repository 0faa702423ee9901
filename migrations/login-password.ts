/** Passwords of logins. Only the SCRAM verifier is sent, so that the password is never in the server's log. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const ITERATIONS = 4_096;
const SHORTEST = 12;
const LONGEST = 128;

/** 32 characters that never need escaping. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** @throws Error for a password that is too short, or that programs could send in different forms */
export function checkPassword(password: string): void {
  if (password.length < SHORTEST || password.length > LONGEST)
    throw new Error(`The password must have ${SHORTEST} to ${LONGEST} characters.`);
  // Drivers disagree on the normal form (SASLprep) of characters beyond ASCII.
  if (!/^[\x20-\x7e]+$/.test(password)) throw new Error('The password may hold printable ASCII characters only.');
}

/** The form in which Postgres stores it in pg_authid (RFC 5803). */
export function scramVerifier(password: string, salt = new Uint8Array(randomBytes(16))): string {
  const salted = new Uint8Array(pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256'));
  const key = (label: string) => new Uint8Array(createHmac('sha256', salted).update(label).digest());
  const stored = createHash('sha256').update(key('Client Key')).digest('base64');
  const [saltText, serverKey] = [salt, key('Server Key')].map((bytes) => Buffer.from(bytes).toString('base64'));
  return `SCRAM-SHA-256$${ITERATIONS}:${saltText}$${stored}:${serverKey}`;
}
