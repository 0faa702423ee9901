/** Settings of sign-in through an identity provider (OpenID Connect). */
import { z } from 'zod';
import { ROLES, type Role } from '../../http/permissions.js';
import { isLoopback } from '../address.js';

export interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** undefined: a public client, protected by PKCE only. */
  readonly clientSecret: string | undefined;
  /** Name of the claim that lists a person's groups. */
  readonly groupsClaim: string;
  /** Role for each group. */
  readonly roles: ReadonlyMap<string, Role>;
}

const urlComplaint = 'must be an https URL (http on this machine alone)';

export const oidcVariables = {
  ROLLGATE_PUBLIC_URL: z
    .string()
    .trim()
    .refine(isSafeUrl, { error: urlComplaint, abort: true })
    .refine((text) => /^\/?$/.test(new URL(text).pathname + new URL(text).search), 'must have no path')
    .transform((text) => new URL(text).origin)
    .optional(),
  ROLLGATE_OIDC_ISSUER: z.string().trim().refine(isSafeUrl, urlComplaint).optional(),
  ROLLGATE_OIDC_CLIENT_ID: z.string().trim().optional(),
  ROLLGATE_OIDC_CLIENT_SECRET: z.string().trim().optional(),
  ROLLGATE_OIDC_GROUPS_CLAIM: z.string().trim().default('groups'),
  ROLLGATE_OIDC_ROLE_MAP: z
    .string()
    .transform((text, context) => {
      const roles = parseRoleMap(text);
      if (roles !== undefined) return roles;
      const example = 'rate-limit-admins=admin,support-team=support';
      context.addIssue(`must be groups and roles (${ROLES.join(', ')}), each group once, e.g. ${example}`);
      return z.NEVER;
    })
    .optional(),
};

type OidcVariables = z.output<z.ZodObject<typeof oidcVariables>>;

const NEEDED = ['ROLLGATE_OIDC_CLIENT_ID', 'ROLLGATE_OIDC_ROLE_MAP', 'ROLLGATE_PUBLIC_URL'] as const;
const USELESS_ALONE = ['ROLLGATE_OIDC_CLIENT_ID', 'ROLLGATE_OIDC_CLIENT_SECRET', 'ROLLGATE_OIDC_ROLE_MAP'] as const;

/** An incomplete configuration is refused at the start. Otherwise the first person who signs in would get the error. */
export function checkOidc(read: OidcVariables, context: z.RefinementCtx): void {
  const tell = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
  if (read.ROLLGATE_OIDC_ISSUER !== undefined) {
    for (const name of NEEDED) if (read[name] === undefined) tell(name, 'is missing: ROLLGATE_OIDC_ISSUER needs it');
  } else {
    const alone = USELESS_ALONE.find((name) => read[name] !== undefined);
    if (alone !== undefined) tell('ROLLGATE_OIDC_ISSUER', `is missing: ${alone} needs it`);
  }
}

/** undefined: staff sign in with passwords only. */
export function oidcSettings(read: OidcVariables): OidcSettings | undefined {
  const { ROLLGATE_OIDC_ISSUER: issuer, ROLLGATE_OIDC_CLIENT_ID: clientId, ROLLGATE_OIDC_ROLE_MAP: roles } = read;
  if (issuer === undefined || clientId === undefined || roles === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret: read.ROLLGATE_OIDC_CLIENT_SECRET,
    groupsClaim: read.ROLLGATE_OIDC_GROUPS_CLAIM,
    roles,
  };
}

/** The role comes after the last `=`: names of groups may contain others. */
function parseRoleMap(text: string): ReadonlyMap<string, Role> | undefined {
  const roles = new Map<string, Role>();
  for (const pair of text.split(',')) {
    const at = pair.lastIndexOf('=');
    const group = pair.slice(0, Math.max(at, 0)).trim();
    const role = ROLES.find((name) => name === pair.slice(at + 1).trim());
    if (group === '' || role === undefined || roles.has(group)) return undefined;
    roles.set(group, role);
  }
  return roles;
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, hash } = new URL(text);
  if (username !== '' || hash !== '') return false;
  const local = hostname === 'localhost' || isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
  return protocol === 'https:' || (protocol === 'http:' && local);
}
