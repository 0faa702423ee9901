/** Injection tokens of what the platform is built with. */

/** `() => number`: Unix ms. Jobs go by it. */
export const CLOCK = Symbol('platform clock');
