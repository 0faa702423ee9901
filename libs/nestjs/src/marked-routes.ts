/** Every `@RateLimit` and `@SkipRateLimit` of an application, and what Nest runs in its place. */
import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type HandlerKind, handlerKind } from './handler-kinds.js';
import { classMarkOf, type Handler, learnInstance, markedMethodsOf, type RouteMark } from './route-marks.js';

/** A decorator and where it stands: at a class, or at a handler. */
export interface MarkedRoute {
  /** `Controller` or `Controller.handler`. */
  readonly route: string;
  readonly mark: RouteMark;
  /** The class, and the handler where the decorator is one's. */
  readonly targets: readonly object[];
  /** Of a class: what its handlers are; `plain` where it has none. */
  readonly kind: HandlerKind;
}

@Injectable()
export class MarkedRoutes {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** On controllers and on providers (gateways, GraphQL resolvers). What a factory made is not walked. */
  all(): MarkedRoute[] {
    return [...this.#classes()].flatMap(([type, isController]) => [
      ...this.#ofClass(type, isController),
      ...markedMethodsOf(type).flatMap((method): MarkedRoute[] => {
        const { name, mark, handler, isOwn } = method;
        const found = handler ? handlerKind(handler) : 'plain';
        // Routes and messages are all that Nest calls a controller for.
        const kind = found === 'unknown' && isController ? 'plain' : found;
        // Overridden without a route of its own: Nest runs neither method.
        if (kind === 'plain' && !isOwn && handler) return [];
        return [{ route: `${type.name}.${name}`, mark, targets: handler ? [type, handler] : [type], kind }];
      }),
    ]);
  }

  /** Functions that instances run in the place of their class's methods. Request-scoped instances come later. */
  learnInstances(): void {
    for (const { metatype, isNotMetatype, instance } of this.#wrappers()) {
      if (!isNotMetatype && metatype) learnInstance(metatype as Type, instance);
    }
  }

  #ofClass(type: Type, isController: boolean): MarkedRoute[] {
    const mark = classMarkOf(type);
    if (!mark) return [];
    const kinds = this.scanner
      .getAllMethodNames(type.prototype)
      .map((name) => handlerKind((type.prototype as Record<string, Handler>)[name] as Handler));
    // A controller may have no route yet.
    const kind = kinds.find((one) => one !== 'plain' && one !== 'unguarded') ?? (isController ? 'http' : 'plain');
    return [{ route: type.name, mark, targets: [type], kind }];
  }

  /** Classes, and whether they are controllers. */
  #classes(): Map<Type, boolean> {
    const classes = new Map<Type, boolean>();
    const controllers = new Set(this.discovery.getControllers());
    for (const wrapper of this.#wrappers()) {
      const { metatype, isNotMetatype } = wrapper;
      if (isNotMetatype || !metatype) continue;
      const type = metatype as Type;
      classes.set(type, controllers.has(wrapper) || classes.get(type) === true);
    }
    return classes;
  }

  #wrappers() {
    return [...this.discovery.getControllers(), ...this.discovery.getProviders()];
  }
}
