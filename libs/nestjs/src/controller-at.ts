import { type Abstract, type CanActivate, Controller, type Type, UseGuards } from '@nestjs/common';

export interface ControllerPlace {
  readonly path: string;
  /** Guards that authenticate. Leave them out if a global guard does. */
  readonly guards?: readonly (Type<CanActivate> | CanActivate)[];
}

/** A subclass of an abstract controller with its handlers at `path`. */
export function controllerAt<T extends object>(
  controller: Abstract<T>,
  { path, guards = [] }: ControllerPlace,
): Type<T> {
  @Controller(path)
  @UseGuards(...guards)
  class CallerController extends (controller as unknown as Type<object>) {}
  return CallerController as unknown as Type<T>;
}
