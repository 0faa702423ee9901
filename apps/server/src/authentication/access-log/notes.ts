/** The rows of the access log, and the statements that write them. */
import type { Author } from '../record.js';

type SignInMethod = 'password' | 'oidc' | 'token';

/** One event of signing in or out (`rollgate.sign_in_log`). */
export interface SignInNote {
  readonly outcome:
    | 'signed_in'
    | 'wrong_password'
    | 'unknown'
    | 'disabled'
    | 'too_many_attempts'
    | 'oidc_refused'
    | 'token_used'
    | 'token_refused';
  readonly method: SignInMethod;
  /** As typed, or of the person; the name of a token. null: not known. */
  readonly login: string | null;
  readonly staffId: string | null;
  /** null: more addresses than were kept apart. */
  readonly address: string | null;
  readonly userAgent: string | null;
  /** HTTP request ID. */
  readonly requestId: string | null;
}

export const NOTE_SIGN_IN = 'SELECT rollgate.note_sign_in($1, $2, $3, $4, $5, $6, $7)';

export function signInValues(note: SignInNote): unknown[] {
  const { outcome, method, login, staffId, address, userAgent, requestId } = note;
  return [outcome, method, login, staffId, address, userAgent, requestId];
}

/** A view of an account, a list of its rows, or an export (`rollgate.access_log`). */
export interface AccessNote {
  readonly action: 'view_account' | 'list' | 'export';
  readonly account: string | null;
  /** The operation of the API, or the command. */
  readonly route: string;
  readonly filters: Readonly<Record<string, unknown>>;
}

export const NOTE_ACCESS = 'SELECT rollgate.note_access(ROW($1, $2, $3, $4)::rollgate.author, $5, $6, $7, $8) AS id';

export function accessValues(author: Author, { action, account, route, filters }: AccessNote): unknown[] {
  return [...author, action, account, route, JSON.stringify(filters)];
}
