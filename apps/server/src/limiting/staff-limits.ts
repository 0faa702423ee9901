/** How the service limits its own sign-in. A catalogue of its own: no customer is counted by it, and no screen lists it. */
import {
  builtInCatalogue,
  Catalogue,
  type CatalogueGroup,
  INTERNAL_ACCOUNT,
  type Limits,
  MATRIX,
} from '@rollgate/contract';

/** Holds everything that is counted for the service itself. No override applies to it: its limits are settings. */
export const STAFF_ACCOUNT = INTERNAL_ACCOUNT;

export const SIGN_IN = 'staff-sign-in';
export const SIGN_IN_ADDRESS = 'staff-sign-in-address';

/** How often someone may try to sign in. */
export interface SignInLimits {
  /** Attempts at one login from one address. */
  readonly perLogin: Limits;
  /** Attempts from one address, whatever the logins. */
  readonly perAddress: Limits;
}

export const DEFAULT_SIGN_IN_LIMITS: SignInLimits = {
  perLogin: { perMinute: 10, perHour: 60 },
  perAddress: { perMinute: 30, perHour: 200 },
};

/** The platform's APIs, and the service's own sign-in. */
export function serviceCatalogue({ perLogin, perAddress }: SignInLimits = DEFAULT_SIGN_IN_LIMITS): Catalogue {
  const staff: CatalogueGroup = {
    id: 'rollgate-staff',
    title: 'Staff of Rollgate',
    level: ['address'],
    limits: perAddress,
    apis: [
      { id: SIGN_IN, title: 'Sign In', level: ['login', 'address'], limits: perLogin },
      { id: SIGN_IN_ADDRESS, title: 'Sign In from One Address' },
    ],
  };
  return new Catalogue([...MATRIX, staff]);
}

/** The part of it that is stored in the database and shown on screens. */
export const registeredCatalogue = builtInCatalogue;
