/** Injection tokens of what the platform is built with. */
export const POOL = Symbol('platform pool');
/** `() => number`: Unix ms. Jobs go by it. */
export const CLOCK = Symbol('platform clock');
