/**
 * The limit of each handler, compiled once per decorator.
 *
 * Invariant: the application does not start with a limit that can't be enforced. A route added later (by a lazily
 * loaded module) is checked at its first call, and the call fails if the check does. Such a route is never left
 * unlimited.
 */
import { Inject, Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { type ApiEntry, levelSchema, MAX_UNITS, UnknownApiError } from '@rollgate/contract';
import { MarkedRoutes } from './marked-routes.js';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions, SubjectResolver } from './options.js';
import type { Cost, RateLimitRule } from './rate-limit-rule.js';
import { type Handler, routeMarkOf } from './route-marks.js';
import { ACCOUNT, resolversOf, UnknownDimensionError, unknownDimension } from './subject-values.js';

/** The limit of one route. */
export interface RouteLimit {
  readonly entry: ApiEntry;
  /** The route's own dimensions; `undefined`: those of the catalogue. */
  readonly level: readonly string[] | undefined;
  /** Dimensions to resolve, besides the account. */
  readonly dimensions: readonly string[];
  readonly resolvers: ReadonlyMap<string, SubjectResolver>;
  readonly cost: Cost;
  /** Identifies the API and its dimensions. */
  readonly id: string;
}

/** A limit that can't be enforced, and where it was declared. */
export interface SetupProblem {
  /** `Controller` or `Controller.handler`; `RollgateModule` if its options are wrong. */
  readonly route: string;
  readonly reason: string;
  /** If the API or a dimension is unknown: similar names, best first. */
  readonly nearest: readonly string[];
}

/** Thrown at the start of the application. `problems` lists every limit that can't be enforced. */
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
    private readonly marked: MarkedRoutes,
  ) {
    if (typeof options?.limiter?.acquire !== 'function') {
      throw new Error("RollgateModule: 'limiter' is missing, e.g. createPostgresLimiter({ ... }) of @rollgate/limiter");
    }
  }

  /**
   * The limit of this handler; `undefined`: it has none, or is skipped.
   * @throws Error if the handler can't be matched to a method of its class
   */
  of({ handler, controller }: { handler: Handler; controller: Type }): RouteLimit | undefined {
    const mark = routeMarkOf({ handler, controller });
    return mark && 'limited' in mark ? this.#limitOf(mark.limited) : undefined;
  }

  /** @throws RateLimitSetupError */
  async onModuleInit(): Promise<void> {
    this.marked.learnInstances();
    const { limiter } = this.options;
    if (limiter.readsCatalogue) {
      const started = await limiter.start().then(
        () => true,
        () => false,
      );
      // LimiterStart decides what a failed start means. Each route is checked at its first call then.
      if (!started) return;
    }
    const problems: SetupProblem[] = [];
    const check = (route: string, assert: () => void) => {
      try {
        assert();
      } catch (error) {
        const named = error instanceof UnknownApiError || error instanceof UnknownDimensionError;
        problems.push({ route, reason: (error as Error).message, nearest: named ? error.nearest : [] });
      }
    };
    check('RollgateModule', () => this.#checkModuleSubjects());
    for (const { route, mark, kind } of this.marked.all()) {
      if ('skipped' in mark) continue;
      check(route, () => {
        this.#limitOf(mark.limited);
        if (kind === 'plain') throw new Error(NO_HANDLER);
        if (kind === 'unguarded') throw new Error(NO_GUARDS);
      });
    }
    if (problems.length > 0) throw new RateLimitSetupError(problems);
  }

  /**
   * A resolver for a dimension that nothing counts by is most likely misspelled, and the intended dimension would be
   * unresolved.
   */
  #checkModuleSubjects(): void {
    const known = new Set(this.options.limiter.catalogue.entries().flatMap(({ level }) => level));
    for (const { mark } of this.marked.all()) {
      if ('limited' in mark) for (const dimension of mark.limited.level ?? []) known.add(dimension);
    }
    for (const name of Object.keys(this.options.subjects ?? {})) {
      if (name !== ACCOUNT && !known.has(name)) {
        throw unknownDimension(name, known, 'nothing in the catalogue and no @RateLimit counts by it');
      }
    }
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
    const counted = level ?? entry.level;
    for (const name of Object.keys(subjects ?? {})) {
      if (name === ACCOUNT || counted.includes(name)) continue;
      throw unknownDimension(name, counted, `"${api}" counts by ${counted.map((one) => `"${one}"`).join(', ')}`);
    }
    const resolvers = resolversOf(this.options.subjects, subjects);
    const dimensions = counted.filter((dimension) => dimension !== ACCOUNT);
    for (const dimension of dimensions) {
      if (resolvers.has(dimension)) continue;
      throw new Error(
        `"${api}" counts by "${dimension}", which has no resolver: add subjects: { ${dimension}: (context) => ... } ` +
          'to RollgateModule or to this @RateLimit',
      );
    }
    const id = `${api} ${counted.join(',')}`;
    return { entry, level, dimensions, resolvers, cost, id };
  }
}

const NO_HANDLER =
  'is no handler of a route, message or field, so no guard runs before it and @RateLimit limits nothing. Move the ' +
  'decorator to the handler, or call limiter.acquire() here. Where the method is a handler, another decorator ' +
  'above @Get(), @Post() and their like replaces it: move that one below them';
const NO_GUARDS =
  'is called by a schedule, an event or a queue, where Nest runs no guards, so @RateLimit limits nothing. Call ' +
  'limiter.acquire() in the method instead';
