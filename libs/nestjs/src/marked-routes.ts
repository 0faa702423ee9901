/** Every `@RateLimit` and `@SkipRateLimit` of an application, and what kind of handler each one decorates. */
import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type HandlerKind, handlerKind } from './handler-kinds.js';
import { classMarkOf, type Handler, learnInstance, markedMethodsOf, type RouteMark } from './route-marks.js';

/** A decorator and what it decorates: a class or a handler. */
export interface MarkedRoute {
  /** `Controller` or `Controller.handler`. */
  readonly route: string;
  readonly mark: RouteMark;
  /** The class, and the handler if the decorator is on a handler. */
  readonly targets: readonly object[];
  /** The kind of the handler. For a class: the kind of its handlers, or `plain` if it has none. */
  readonly kind: HandlerKind;
}

@Injectable()
export class MarkedRoutes {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * Decorators on controllers and on providers (gateways, GraphQL resolvers). Instances created by a factory are not
   * searched.
   */
  all(): MarkedRoute[] {
    return [...this.#classes()].flatMap(([type, isController]) => [
      ...this.#ofClass(type, isController),
      ...markedMethodsOf(type).flatMap((method): MarkedRoute[] => {
        const { name, mark, handler, isOwn } = method;
        const found = handler ? handlerKind(handler) : 'plain';
        // Nest calls a controller only for routes and messages.
        const kind = found === 'unknown' && isController ? 'plain' : found;
        // The overriding method has no route of its own, so Nest runs neither method.
        if (kind === 'plain' && !isOwn && handler) return [];
        return [{ route: `${type.name}.${name}`, mark, targets: handler ? [type, handler] : [type], kind }];
      }),
    ]);
  }

  /**
   * Registers functions with which instances have replaced methods of their class. Request-scoped instances don't exist
   * yet.
   */
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

  /** All classes, and whether each is a controller. */
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
