/**
 * Every route of the service declares who may call it: `@Requires('overrides.write')`, or `@Public('why')`. The access
 * guard refuses a route that declares neither, and a test checks every route.
 */
import { SetMetadata } from '@nestjs/common';
import type { Permission } from './permissions.js';

export const ACCESS = Symbol('rollgate:access');

export type Access =
  | { readonly permission: Permission }
  /** Any signed-in person, whatever the role. */
  | { readonly signedIn: true }
  | { readonly publicBecause: string };

export const Requires = (permission: Permission): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { permission } satisfies Access);

export const SignedIn = (): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { signedIn: true } satisfies Access);

export const Public = (why: string): MethodDecorator & ClassDecorator =>
  SetMetadata(ACCESS, { publicBecause: why } satisfies Access);
