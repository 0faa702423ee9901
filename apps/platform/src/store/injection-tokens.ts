/** Injection tokens of the platform's options. */

/** `() => number`: the clock of jobs, in Unix ms. */
export const CLOCK = Symbol('platform clock');
