/** How the service limits its own doors. A catalogue of its own: no customer is counted by it, and no screen lists it. */
import { builtInCatalogue, Catalogue, type CatalogueGroup, MATRIX } from '@rollgate/contract';

/** Of all that is counted for the service itself. */
export const STAFF_ACCOUNT = '_rollgate';

export const SIGN_IN = 'staff-sign-in';
export const SIGN_IN_ADDRESS = 'staff-sign-in-address';

const STAFF_GROUP: CatalogueGroup = {
  id: 'rollgate-staff',
  title: 'Staff of Rollgate',
  level: ['address'],
  limits: { perMinute: 30, perHour: 200 },
  apis: [
    { id: SIGN_IN, title: 'Sign In', level: ['login', 'address'], limits: { perMinute: 10, perHour: 60 } },
    { id: SIGN_IN_ADDRESS, title: 'Sign In from One Address' },
  ],
};

export const serviceCatalogue = new Catalogue([...MATRIX, STAFF_GROUP]);

/** As much of it as is everybody's. */
export const registeredCatalogue = builtInCatalogue;
