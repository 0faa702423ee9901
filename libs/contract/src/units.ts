/** Constants that all parts of Rollgate share. The name of each duration includes its unit. */

/** The two rolling windows, shortest first. */
export const WINDOWS = ['minute', 'hour'] as const;
export type Window = (typeof WINDOWS)[number];

/** Length of each window in seconds. */
export const WINDOW_SECONDS: Readonly<Record<Window, number>> = { minute: 60, hour: 3600 };

/** Number of lanes. A lane is the unit of locking, batching and distribution: `lane = hash(account) mod LANES`. */
export const LANES = 64;

/** Longest value of one subject dimension, and of an account ID, in UTF-8 bytes. */
export const MAX_DIMENSION_BYTES = 256;

/** Largest limit, and largest cost of one call, in units. */
export const MAX_UNITS = 1_000_000_000;

/** Largest factor of an override. */
export const MAX_FACTOR = 1_000;

/** Smallest factor, and smallest difference between two factors: factors have three decimals. */
export const FACTOR_STEP = 0.001;

/**
 * The account under which Rollgate counts its own events, e.g. sign-in attempts. No override or limit request can name it, and
 * no list shows it. SQL has the same constant in `rollgate.is_internal`.
 */
export const INTERNAL_ACCOUNT = '_rollgate';

/** The message of a denied call, unless the catalogue entry has its own. */
export const DENIED_MESSAGE = 'Rate limit for this API has been reached. Please try again after some time.';
