/** Injection token of the one `Limiter` of this process. */
export const LIMITER = Symbol('LIMITER');
