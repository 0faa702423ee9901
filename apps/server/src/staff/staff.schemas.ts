/** The requests and responses about staff and tokens. */
import { momentSchema } from '@rollgate/contract';
import { z } from 'zod';
import type { ServiceToken } from '../authentication/service-token.entity.js';
import { loginText, newPassword, personSchema } from '../authentication/session.schemas.js';
import { type Staff, signsInBy } from '../authentication/staff.entity.js';
import { PERMISSION_NAMES, ROLES } from '../http/permissions.js';
import { anyText, idText } from '../http/schemas.js';

const nameText = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(128)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be well-formed text');

const reason = anyText({ most: 2_000 }).optional();

export const addStaffBody = z.strictObject({
  login: loginText,
  displayName: nameText.optional(),
  role: z.enum(ROLES),
  password: newPassword.optional(),
});

export const changeStaffBody = z
  .strictObject({
    role: z.enum(ROLES).optional(),
    disabled: z.boolean().optional(),
    displayName: nameText.optional(),
    reason,
  })
  .refine(
    ({ role, disabled, displayName }) => role !== undefined || disabled !== undefined || displayName !== undefined,
    'name at least one of role, disabled, displayName',
  );

export const passwordBody = z.strictObject({ password: newPassword.optional() });

export const tokenNameText = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be letters, digits and . _ -, 64 at most');

export const createTokenBody = z.strictObject({
  name: tokenNameText,
  permissions: z.array(z.enum(PERMISSION_NAMES)).min(1),
  /** The role whose approval limit applies to limits the token sets. */
  role: z.enum(ROLES).default('support'),
  expiresAt: momentSchema.nullish(),
});

export const staffParams = z.strictObject({ id: idText });

const time = z.string();

export const staffSchema = personSchema.extend({
  disabledAt: time.nullable(),
  createdAt: time,
  lastSignInAt: time.nullable(),
});

/** `password`: the generated one, shown only this once; `null`: the password was given. */
export const staffWithPasswordSchema = z.object({ staff: staffSchema, password: z.string().nullable() });

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  permissions: z.array(z.enum(PERMISSION_NAMES)),
  role: z.enum(ROLES),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
  lastUsedAt: time.nullable(),
  revokedAt: time.nullable(),
});

/** `secret`: the token itself, shown only this once. */
export const newTokenSchema = z.object({ token: tokenSchema, secret: z.string() });

export function viewOfStaff(person: Staff): z.output<typeof staffSchema> {
  const { id, login, displayName, role, oidcIssuer, disabledAt, createdAt, lastSignInAt } = person;
  return {
    id,
    login,
    displayName,
    role,
    signsInBy: signsInBy(oidcIssuer),
    disabledAt: disabledAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
    lastSignInAt: lastSignInAt?.toISOString() ?? null,
  };
}

export function viewOfToken(token: ServiceToken): z.output<typeof tokenSchema> {
  const { id, name, permissions, role, createdBy, createdAt, expiresAt, lastUsedAt, revokedAt } = token;
  return {
    id,
    name,
    permissions,
    role,
    createdBy,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}
