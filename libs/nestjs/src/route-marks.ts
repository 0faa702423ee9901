/**
 * Where `@RateLimit` and `@SkipRateLimit` are kept, and how the mark of a running handler is found.
 *
 * Invariant: a mark is found by the class and the method's name, so another decorator that replaces the method (tracing,
 * caching and transaction decorators do) cannot lose it. A handler that cannot be matched to a method of a class with
 * marks is an error: it never runs unlimited by accident.
 */
import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { RateLimitRule } from './rate-limit.decorator.js';

/** What `@RateLimit` or `@SkipRateLimit` says of a handler or a class. */
export type RouteMark = { readonly limited: RateLimitRule } | { readonly skipped: true };

export type Handler = (...args: never[]) => unknown;

/** Metadata key of a mark, on a class and on the function that was decorated. To read a route's mark use `routeMarkOf`. */
export const ROUTE_MARK = 'rollgate:route';
/** Metadata key on a prototype: the marks of its own methods, by name. */
const METHOD_MARKS = 'rollgate:methods';

/** A marked method as a class has it, its own or inherited. */
export interface MarkedMethod {
  readonly name: string;
  readonly mark: RouteMark;
  /** What the class runs under that name now; `undefined`: nothing, a decorator took the method away. */
  readonly handler: Handler | undefined;
  /** `false`: a class below the marked one overrides the method. */
  readonly isOwn: boolean;
}

/** Methods by function, with the mark of each; `undefined`: it has none. */
const methodsOf = new WeakMap<Type, Map<unknown, RouteMark | undefined>>();

/** What was found for a class and handler: every call asks. Begins anew when there is another mark. */
let found = new WeakMap<Type, WeakMap<Handler, RouteMark | undefined>>();

/** @throws Error when this class or method has a mark already, or when guards never run at this place. */
export function setRouteMark(target: object, mark: RouteMark, method?: { key: string | symbol; value: unknown }): void {
  found = new WeakMap();
  if (method === undefined) {
    // Own metadata only: a subclass may mark itself otherwise than its base.
    if (Reflect.hasOwnMetadata(ROUTE_MARK, target)) throw new Error(markedTwice((target as Type).name));
    Reflect.defineMetadata(ROUTE_MARK, mark, target);
    return;
  }
  const { key, value } = method;
  const owner = typeof target === 'function' ? target.name : target.constructor.name;
  const place = `${owner}.${String(key)}`;
  if (typeof target === 'function' || typeof key === 'symbol' || typeof value !== 'function') {
    throw new Error(
      `${place}: @RateLimit and @SkipRateLimit belong on a class or on a handler method. No guard runs before a static ` +
        'method, an accessor, a property (arrow functions are properties) or a method named by a symbol',
    );
  }
  const marks: Map<string, RouteMark> = Reflect.getOwnMetadata(METHOD_MARKS, target) ?? new Map();
  if (marks.has(key)) throw new Error(markedTwice(place));
  Reflect.defineMetadata(METHOD_MARKS, marks.set(key, mark), target);
  // On the function too: it keeps its mark when a mixin copies it to another class.
  Reflect.defineMetadata(ROUTE_MARK, mark, value);
}

function markedTwice(place: string): string {
  return `${place}: one @RateLimit or @SkipRateLimit at most`;
}

/**
 * The mark of a handler: its own, else that of a method it overrides, else its class's, else that of a base class.
 * `undefined`: none.
 * @throws Error when methods of the class are marked and the handler is none of its methods.
 */
export function routeMarkOf({ controller, handler }: { controller: Type; handler: Handler }): RouteMark | undefined {
  // A context made by hand may have no class.
  if (typeof controller !== 'function') return Reflect.getMetadata(ROUTE_MARK, handler) as RouteMark | undefined;
  let marks = found.get(controller);
  if (marks === undefined) {
    marks = new WeakMap();
    found.set(controller, marks);
  }
  let mark = marks.get(handler);
  if (mark === undefined && !marks.has(handler)) {
    mark = findMark(controller, handler);
    marks.set(handler, mark);
  }
  return mark;
}

function findMark(controller: Type, handler: Handler): RouteMark | undefined {
  const own = Reflect.getMetadata(ROUTE_MARK, handler) as RouteMark | undefined;
  return own ?? markOfMethod(controller, handler) ?? classMarkOf(controller);
}

/** The mark of a class, or of the nearest base class that has one. */
export function classMarkOf(type: Type): RouteMark | undefined {
  const inherited = Reflect.getMetadata(ROUTE_MARK, type) as RouteMark | undefined;
  if (inherited !== undefined) return inherited;
  // A class decorator may have put another class (a Proxy, say) in the place of this one.
  for (const prototype of prototypesOf(type)) {
    const original: unknown = prototype.constructor;
    const mark = typeof original === 'function' && Reflect.getOwnMetadata(ROUTE_MARK, original);
    if (mark) return mark as RouteMark;
  }
  return undefined;
}

/** Every marked method of a class, inherited ones too. The mark nearest to the class wins. */
export function markedMethodsOf(type: Type): MarkedMethod[] {
  const found = new Map<string, MarkedMethod>();
  const prototypes = prototypesOf(type);
  for (const prototype of prototypes) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      // A method that a mixin copied from a marked one carries its mark itself.
      const handler = methodOf(prototype, name);
      const mark = handler && (Reflect.getOwnMetadata(ROUTE_MARK, handler) as RouteMark | undefined);
      if (mark && !found.has(name)) found.set(name, methodIn(prototypes, { name, mark, owner: prototype }));
    }
    const marks = Reflect.getOwnMetadata(METHOD_MARKS, prototype) as Map<string, RouteMark> | undefined;
    for (const [name, mark] of marks ?? []) {
      if (!found.has(name)) found.set(name, methodIn(prototypes, { name, mark, owner: prototype }));
    }
  }
  return [...found.values()];
}

/** Makes known which functions an instance runs under the names of its class's methods, where it has replaced them. */
export function learnInstance(type: Type, instance: unknown): void {
  if (typeof instance !== 'object' || instance === null) return;
  const marks = new Map(markedMethodsOf(type).map(({ name, mark }) => [name, mark]));
  if (marks.size === 0) return;
  const methods = methodsIn(type);
  found = new WeakMap();
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(instance))) {
    if (typeof value === 'function' && !methods.has(value)) methods.set(value, marks.get(name));
  }
}

function methodIn(
  prototypes: readonly object[],
  { name, mark, owner }: { name: string; mark: RouteMark; owner: object },
): MarkedMethod {
  const holder = prototypes.find((prototype) => methodOf(prototype, name) !== undefined);
  return { name, mark, handler: holder && methodOf(holder, name), isOwn: holder === owner };
}

function markOfMethod(type: Type, handler: Handler): RouteMark | undefined {
  let methods = methodsIn(type);
  // Instrumentation may have replaced methods since: the ones that were known stay known.
  if (!methods.has(handler)) methods = learnMethods(type, methods);
  if (methods.has(handler)) return methods.get(handler);
  if (markedMethodsOf(type).length === 0) return undefined;
  throw new Error(
    `${type.name}: the handler that runs ("${handler.name}") is not a method of the class, so its @RateLimit cannot be ` +
      'found. Replace methods by decorators or on the prototype, not on instances',
  );
}

function methodsIn(type: Type): Map<unknown, RouteMark | undefined> {
  return methodsOf.get(type) ?? learnMethods(type, new Map());
}

function learnMethods(type: Type, methods: Map<unknown, RouteMark | undefined>): Map<unknown, RouteMark | undefined> {
  for (const prototype of prototypesOf(type)) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = methodOf(prototype, name);
      if (method && !methods.has(method)) methods.set(method, undefined);
    }
  }
  for (const { handler, mark } of markedMethodsOf(type)) if (handler) methods.set(handler, mark);
  methodsOf.set(type, methods);
  return methods;
}

function prototypesOf(type: Type): object[] {
  const prototypes: object[] = [];
  let prototype: unknown = type.prototype;
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    prototypes.push(prototype);
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototypes;
}

/** Without running a getter. */
function methodOf(prototype: object, name: string): Handler | undefined {
  const value = Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown;
  return typeof value === 'function' && name !== 'constructor' ? (value as Handler) : undefined;
}
