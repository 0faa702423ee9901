/** The requests and responses about sign-in. */
import { z } from 'zod';
import { PERMISSION_NAMES, ROLES } from '../http/permissions.js';
import { PASSWORD_MOST, passwordComplaint } from './passwords.js';

export const loginText = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9][a-z0-9._%+@-]{0,127}$/, 'must look like ann@example.com: letters, digits and . _ % + @ -');

/** Bytes of a password of the greatest length, in its longest encoding. */
const MOST_TYPED = PASSWORD_MOST * 8;
export const newPassword = z.string().superRefine((password, context) => {
  const complaint = passwordComplaint(password);
  if (complaint !== undefined) context.addIssue({ code: 'custom', message: complaint });
});

export const signInBody = z.strictObject({ login: loginText, password: z.string().max(MOST_TYPED) });

export const ownPasswordBody = z.strictObject({ current: z.string().max(MOST_TYPED), password: newPassword });

export const personSchema = z.object({
  id: z.string(),
  login: z.string(),
  displayName: z.string(),
  role: z.enum(ROLES),
  /** `provider`: the role follows the person's groups at the identity provider. */
  signsInBy: z.enum(['password', 'provider']),
});

export const sessionSchema = z.discriminatedUnion('signedIn', [
  z.object({
    signedIn: z.literal(false),
    methods: z.object({
      local: z.literal(true),
      oidc: z.object({ issuer: z.string(), startPath: z.string() }).nullable(),
    }),
  }),
  z.object({
    signedIn: z.literal(true),
    staff: personSchema,
    permissions: z.array(z.enum(PERMISSION_NAMES)),
    /** The approval limit of the role; `null` within: unlimited, and permanent. `null`: the role may change no limit. */
    ceilings: z.object({ times: z.int().nullable(), days: z.int().nullable() }).nullable(),
    idleEndsAt: z.string(),
    endsAt: z.string(),
    environment: z.string(),
  }),
]);
