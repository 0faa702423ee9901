import { z } from 'zod';
import { idText, page, pageOf, text, time } from '../../http/schemas.js';
import { accountText } from '../../limiting/limits.schemas.js';

const OUTCOMES = [
  'signed_in',
  'wrong_password',
  'unknown',
  'disabled',
  'too_many_attempts',
  'oidc_refused',
  'signed_out',
  'session_ended',
  'token_used',
  'token_refused',
] as const;
const METHODS = ['password', 'oidc', 'token'] as const;
const ACTIONS = ['view_account', 'list', 'export'] as const;

const span = { from: time.optional(), to: time.optional(), format: z.enum(['json', 'csv']).optional(), ...page };

export const listSignIns = z.strictObject({
  /** A login, or the name of a token. */
  login: text({ most: 256 }).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  method: z.enum(METHODS).optional(),
  address: idText.optional(),
  ...span,
});

export const listAccess = z.strictObject({
  actor: text({ most: 256 }).optional(),
  account: accountText.optional(),
  action: z.enum(ACTIONS).optional(),
  ...span,
});

const signInSchema = z.object({
  id: z.int(),
  firstAt: z.string(),
  lastAt: z.string(),
  times: z.int(),
  outcome: z.enum(OUTCOMES),
  method: z.enum(METHODS),
  /** null: not known, or a row of many logins. */
  login: z.string().nullable(),
  staffId: z.string().nullable(),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** HTTP request ID of the first time. */
  requestId: z.string().nullable(),
});
export type SignInView = z.output<typeof signInSchema>;
export const signInPage = pageOf(signInSchema);

const accessSchema = z.object({
  id: z.int(),
  firstAt: z.string(),
  lastAt: z.string(),
  times: z.int(),
  actor: z.string(),
  role: z.string().nullable(),
  address: z.string().nullable(),
  /** HTTP request ID of the first time. */
  requestId: z.string().nullable(),
  action: z.enum(ACTIONS),
  /** null: an export of several accounts. */
  account: z.string().nullable(),
  /** What was read: operations of this API, or a command. */
  routes: z.array(z.string()),
  filters: z.record(z.string(), z.unknown()),
  /** Rows written to the file; null: not an export, or its end was not recorded. */
  rows: z.int().nullable(),
  /** `cut`: the client did not receive all of it. */
  result: z.enum(['complete', 'cut']).nullable(),
});
export type AccessView = z.output<typeof accessSchema>;
export const accessPage = pageOf(accessSchema);

export const SIGN_IN_EXAMPLE: SignInView = {
  id: 812,
  firstAt: '2026-03-02T09:00:00.000Z',
  lastAt: '2026-03-02T09:00:00.000Z',
  times: 1,
  outcome: 'wrong_password',
  method: 'password',
  login: 'ann@example.com',
  staffId: 'stf_4',
  address: '10.0.0.7',
  userAgent: 'Mozilla/5.0',
  requestId: 'b1946ac9',
};

export const ACCESS_EXAMPLE: AccessView = {
  id: 4210,
  firstAt: '2026-03-02T09:00:00.000Z',
  lastAt: '2026-03-02T09:04:52.000Z',
  times: 118,
  actor: 'staff:ann@example.com',
  role: 'support',
  address: '10.0.0.7',
  requestId: 'b1946ac9',
  action: 'view_account',
  account: 'acme',
  routes: ['getAccount', 'getUsage', 'getStrip'],
  filters: {},
  rows: null,
  result: null,
};
