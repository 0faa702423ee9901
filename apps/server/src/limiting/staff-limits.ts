/**
 * Limits of the service's own sign-in. They are in a separate catalogue: no customer is counted by it, and no screen lists
 * it.
 */
import { Catalogue, INTERNAL_ACCOUNT, type Limits } from '@rollgate/contract';

/** The account that holds all counts of the service itself. No override applies to it: its limits are settings. */
export const STAFF_ACCOUNT = INTERNAL_ACCOUNT;

/** The group of the service's own APIs. */
export const STAFF_GROUP = 'rollgate-staff';

export const SIGN_IN = 'staff-sign-in';
export const SIGN_IN_ANYWHERE = 'staff-sign-in-anywhere';
export const SIGN_IN_ADDRESS = 'staff-sign-in-address';
export const SIGN_IN_PROVIDER = 'staff-sign-in-provider';

/** How often a person may try to sign in. */
export interface SignInLimits {
  /** Failed attempts at one login from one address; from all addresses together `ANYWHERE_FACTOR` times as many. */
  readonly perLogin: Limits;
  /**
   * Failed attempts from one address, whatever the logins; and, counted separately, sign-ins started at the identity
   * provider.
   */
  readonly perAddress: Limits;
}

/**
 * The login's limit protects the account. The address may be that of a proxy that all users share, so its limit is loose,
 * and its hour limit is 60 times its minute limit: a user who reaches it blocks the others for a minute, not for the rest
 * of an hour.
 */
export const DEFAULT_SIGN_IN_LIMITS = {
  perLogin: { perMinute: 10, perHour: 60 },
  perAddress: { perMinute: 120, perHour: 7_200 },
} as const satisfies SignInLimits;

/** At 300 guesses an hour, a password that takes 10^8 guesses lasts for decades, whatever the number of addresses. */
const ANYWHERE_FACTOR = 5;

/** The service's own sign-in, as APIs that only the service knows. */
export function signInCatalogue({ perLogin, perAddress }: SignInLimits = DEFAULT_SIGN_IN_LIMITS): Catalogue {
  const anywhere = {
    perMinute: perLogin.perMinute * ANYWHERE_FACTOR,
    perHour: perLogin.perHour * ANYWHERE_FACTOR,
  };
  const staff = {
    id: STAFF_GROUP,
    title: 'Staff of Rollgate',
    level: ['address'],
    limits: perAddress,
    apis: [
      { id: SIGN_IN, title: 'Sign In', level: ['login', 'address'], limits: perLogin },
      { id: SIGN_IN_ANYWHERE, title: 'Sign In from All Addresses', level: ['login'], limits: anywhere },
      { id: SIGN_IN_ADDRESS, title: 'Sign In from One Address' },
      { id: SIGN_IN_PROVIDER, title: 'Sign In at the Identity Provider from One Address' },
    ],
  };
  return new Catalogue([staff]);
}
