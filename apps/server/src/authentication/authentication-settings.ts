import type { OidcSettings } from './oidc/oidc-settings.js';

/** Injection token of `AuthenticationSettings`. */
export const AUTHENTICATION_SETTINGS = Symbol('AUTHENTICATION_SETTINGS');

export interface AuthenticationSettings {
  /** Shown on every screen, so that production is not mistaken for a test environment. */
  readonly environment: string;
  /** The service's URL for browsers, e.g. `https://rollgate.example.com`. */
  readonly publicUrl?: string | undefined;
  /** Undefined: staff sign in with passwords only. */
  readonly oidc?: OidcSettings | undefined;
}
