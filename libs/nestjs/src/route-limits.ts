/**
 * Which limit stands at a handler, worked out once for each decorator.
 *
 * Invariant: the application does not start with a limit that could not be enforced. A route that comes later (a module
 * loaded lazily) meets the same check at its first call, which then fails: it is never left unlimited.
 */
import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type ApiEntry, levelSchema, MAX_UNITS, UnknownApiError } from '@rollgate/contract';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions, SubjectResolver } from './options.js';
import { type Cost, type RateLimitRule, ROUTE_MARK, type RouteMark } from './rate-limit.decorator.js';
import { ACCOUNT, resolversOf } from './subject-values.js';

type Handler = (...args: never[]) => unknown;

/** The limit of one route. */
export interface RouteLimit {
  readonly entry: ApiEntry;
  /** The route's own level; `undefined`: the catalogue's. */
  readonly level: readonly string[] | undefined;
  /** What has to be resolved beside the account. */
  readonly dimensions: readonly string[];
  readonly resolvers: ReadonlyMap<string, SubjectResolver>;
  readonly cost: Cost;
  /** Names API and level. */
  readonly id: string;
}

/** A limit that can't be enforced, and where it stands. */
export interface SetupProblem {
  /** `Controller` or `Controller.handler`. */
  readonly route: string;
  readonly reason: string;
  /** Nearest catalogue ids, best first, where the API is unknown. */
  readonly nearest: readonly string[];
}

/** A decorator and where it stands: the class, and the handler where it is one's. */
export interface MarkedRoute {
  readonly route: string;
  readonly mark: RouteMark;
  readonly targets: readonly object[];
}

/** Thrown at the start of the application. Lists every limit that can't be enforced. */
export class RateLimitSetupError extends Error {
  override readonly name = 'RateLimitSetupError';
  constructor(readonly problems: readonly SetupProblem[]) {
    super(
      `these limits can't be enforced:\n${problems.map(({ route, reason }) => `  ${route}: ${reason}`).join('\n')}`,
    );
  }
}

@Injectable()
export class RouteLimits implements OnModuleInit {
  readonly #limits = new WeakMap<RateLimitRule, RouteLimit>();

  constructor(
    @Inject(ROLLGATE_OPTIONS) private readonly options: RollgateOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {
    if (typeof options?.limiter?.acquire !== 'function') {
      throw new Error("RollgateModule: 'limiter' is missing, e.g. createPostgresLimiter({ ... }) of @rollgate/limiter");
    }
  }

  /** The limit of this handler; `undefined`: it has none, or is skipped. */
  of({ handler, controller }: { handler: Handler; controller: Type }): RouteLimit | undefined {
    const mark = markOf(handler) ?? markOf(controller);
    return mark && 'limited' in mark ? this.#limitOf(mark.limited) : undefined;
  }

  /** @throws RateLimitSetupError */
  onModuleInit(): void {
    const problems: SetupProblem[] = [];
    for (const { route, mark } of this.marks()) {
      if ('skipped' in mark) continue;
      try {
        this.#limitOf(mark.limited);
      } catch (error) {
        const nearest = error instanceof UnknownApiError ? error.nearest : [];
        problems.push({ route, reason: (error as Error).message, nearest });
      }
    }
    if (problems.length > 0) throw new RateLimitSetupError(problems);
  }

  #limitOf(rule: RateLimitRule): RouteLimit {
    let limit = this.#limits.get(rule);
    if (!limit) {
      limit = this.#compile(rule);
      this.#limits.set(rule, limit);
    }
    return limit;
  }

  #compile({ api, cost = 1, level, subjects }: RateLimitRule): RouteLimit {
    const entry = this.options.limiter.catalogue.get(api);
    if (typeof cost !== 'function' && !(Number.isInteger(cost) && cost >= 1 && cost <= MAX_UNITS)) {
      throw new Error(`cost must be a whole number from 1 to ${MAX_UNITS}, or a function`);
    }
    if (level) {
      const checked = levelSchema.safeParse(level);
      if (!checked.success) throw new Error(`level: ${checked.error.issues.map(({ message }) => message).join('; ')}`);
    }
    const resolvers = resolversOf(this.options.subjects, subjects);
    const dimensions = (level ?? entry.level).filter((dimension) => dimension !== ACCOUNT);
    for (const dimension of dimensions) {
      if (resolvers.has(dimension)) continue;
      throw new Error(
        `"${api}" counts by "${dimension}", which has no resolver: add subjects: { ${dimension}: (context) => ... } ` +
          'to RollgateModule or to this @RateLimit',
      );
    }
    const id = `${api} ${(level ?? entry.level).join(',')}`;
    return { entry, level, dimensions, resolvers, cost, id };
  }

  /** Every decorator on controllers and on providers (gateways, GraphQL resolvers). What a factory made is not walked. */
  marks(): MarkedRoute[] {
    const wrappers = [...this.discovery.getControllers(), ...this.discovery.getProviders()];
    const classes = new Set(
      wrappers.flatMap(({ metatype, isNotMetatype }) => (isNotMetatype || !metatype ? [] : [metatype])),
    );
    return [...classes].flatMap((type) => {
      const prototype = type.prototype as Record<string, Handler> | undefined;
      const onClass = markOf(type);
      const marks: MarkedRoute[] = onClass ? [{ route: type.name, mark: onClass, targets: [type] }] : [];
      for (const name of prototype ? this.scanner.getAllMethodNames(prototype) : []) {
        const handler = prototype?.[name] as Handler;
        const mark = markOf(handler);
        if (mark) marks.push({ route: `${type.name}.${name}`, mark, targets: [type, handler] });
      }
      return marks;
    });
  }
}

function markOf(target: object): RouteMark | undefined {
  return Reflect.getMetadata(ROUTE_MARK, target) as RouteMark | undefined;
}
