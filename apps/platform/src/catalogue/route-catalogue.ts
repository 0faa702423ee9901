/** The published catalogue, derived from the registered routes. */

import { Inject, Injectable, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type Limits } from '@rollgate/contract';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { routeMarkOf } from '@rollgate/nestjs';
import { OPEN } from '../auth/open.js';
import { EXAMPLE, STATUS_OF } from './route-marks.js';

/** One API as callers see it. */
export interface PublishedApi {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly level: readonly string[];
  readonly limits: Limits;
  readonly scope: 'api' | 'group';
  readonly method: string;
  /** With the parameters `:botId`, `:tableName` and `:requestId`. */
  readonly path: string;
  /** `null`: the route has no body. */
  readonly exampleBody: Readonly<Record<string, unknown>> | null;
  /** For a status API: the API whose answer has the `requestId`. */
  readonly startedBy?: string;
}

/** A registered route and its declarations. */
export interface DeclaredRoute {
  readonly method: string;
  readonly path: string;
  readonly open: boolean;
  /** The API whose limits apply. */
  readonly api: string | undefined;
  readonly exampleBody: Readonly<Record<string, unknown>> | null;
  readonly startedBy: string | undefined;
}

@Injectable()
export class RouteCatalogue {
  #published: readonly PublishedApi[] | undefined;

  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** All APIs in the order of the matrix. Computed once, because routes do not change while the platform runs. */
  published(): readonly PublishedApi[] {
    this.#published ??= this.#publish();
    return this.#published;
  }

  #publish(): PublishedApi[] {
    const byApi = new Map(this.routes().map((route) => [route.api, route]));
    return sampleCatalogue.entries().flatMap(({ id, title, group, level, limits, scope }) => {
      const route = byApi.get(id);
      if (!route) return [];
      const { method, path, exampleBody, startedBy } = route;
      return [{ id, title, group, level, limits, scope, method, path, exampleBody, ...(startedBy && { startedBy }) }];
    });
  }

  routes(): DeclaredRoute[] {
    return this.discovery.getControllers().flatMap(({ metatype }) => {
      const controller = metatype as (new () => object) | undefined;
      if (!controller) return [];
      return this.scanner
        .getAllMethodNames(controller.prototype)
        .map((name) => (controller.prototype as Record<string, unknown>)[name] as () => unknown)
        .filter((handler) => Reflect.hasMetadata(METHOD_METADATA, handler))
        .map((handler) => this.#route(controller, handler));
    });
  }

  #route(controller: new () => object, handler: () => unknown): DeclaredRoute {
    const method = this.reflector.get<RequestMethod>(METHOD_METADATA, handler);
    const mark = routeMarkOf({ controller, handler });
    return {
      method: RequestMethod[method],
      path: joined(
        this.reflector.get<string>(PATH_METADATA, controller),
        this.reflector.get<string>(PATH_METADATA, handler),
      ),
      open: this.reflector.getAllAndOverride<boolean | undefined>(OPEN, [handler, controller]) === true,
      api: mark && 'limited' in mark ? mark.limited.api : undefined,
      exampleBody: this.reflector.get<DeclaredRoute['exampleBody'] | undefined>(EXAMPLE, handler) ?? null,
      startedBy: this.reflector.get<readonly string[] | undefined>(STATUS_OF, handler)?.[0],
    };
  }
}

function joined(...parts: readonly string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter((segment) => segment !== '')
    .join('/')}`;
}
