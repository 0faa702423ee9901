/**
 * Stores the marks of `@RateLimit` and `@SkipRateLimit`, and finds the mark of a running handler.
 *
 * Invariant: a mark is stored by class and method name, so it is kept when another decorator replaces the method, as
 * tracing, caching and transaction decorators do. If a class has marks and its running handler matches none of its
 * methods, that is an error, so no handler runs unlimited by accident.
 */
import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { RateLimitRule } from './rate-limit-rule.js';

/** What `@RateLimit` or `@SkipRateLimit` declares for a handler or a class. */
export type RouteMark = { readonly limited: RateLimitRule } | { readonly skipped: true };

export type Handler = (...args: never[]) => unknown;

/** Metadata key of a mark, on a class and on the decorated function. Use `routeMarkOf` to read the mark of a route. */
const ROUTE_MARK = 'rollgate:route';
/** Metadata key on a prototype, for the marks of its own methods by name. */
const METHOD_MARKS = 'rollgate:methods';

/** A marked method of a class, its own or inherited. */
export interface MarkedMethod {
  readonly name: string;
  readonly mark: RouteMark;
  /** The function that the class now runs under that name; `undefined`: a decorator removed the method. */
  readonly handler: Handler | undefined;
  /** `false`: a subclass of the marked class overrides the method. */
  readonly isOwn: boolean;
}

/** Per class: the mark of each of its functions; `undefined`: the function has none. */
const methodsOf = new WeakMap<Type, Map<unknown, RouteMark | undefined>>();

/** Cache of marks by class and handler, because every call needs one. Cleared when a mark is added. */
let found = new WeakMap<Type, WeakMap<Handler, RouteMark | undefined>>();

/** @throws Error if the class or method already has a mark, or if guards never run for it */
export function setRouteMark(target: object, mark: RouteMark, method?: { key: string | symbol; value: unknown }): void {
  found = new WeakMap();
  if (method === undefined) {
    // Own metadata only: a subclass may have a different mark from its base class.
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
  // Also on the function, which keeps the mark when a mixin copies it to another class.
  Reflect.defineMetadata(ROUTE_MARK, mark, value);
}

function markedTwice(place: string): string {
  return `${place}: one @RateLimit or @SkipRateLimit at most`;
}

/**
 * The mark of a handler: its own, or else that of a method it overrides, of its class, or of a base class. `undefined`:
 * there is none.
 * @throws Error if methods of the class are marked and the handler is not a method of the class
 */
export function routeMarkOf({ controller, handler }: { controller: Type; handler: Handler }): RouteMark | undefined {
  // A context that was not created by Nest may have no class.
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
  // A class decorator may have replaced this class, for example with a Proxy.
  for (const prototype of prototypesOf(type)) {
    const original: unknown = prototype.constructor;
    const mark = typeof original === 'function' && Reflect.getOwnMetadata(ROUTE_MARK, original);
    if (mark) return mark as RouteMark;
  }
  return undefined;
}

/**
 * Every marked method of a class, including inherited ones. If a method has several marks, the one nearest to the class
 * applies.
 */
export function markedMethodsOf(type: Type): MarkedMethod[] {
  const found = new Map<string, MarkedMethod>();
  const prototypes = prototypesOf(type);
  for (const prototype of prototypes) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      // A method that a mixin copied from a marked one has the mark on the function.
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

/** Registers functions with which an instance has replaced methods of its class. */
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
  // Instrumentation may have replaced methods since then. Functions that are already known stay known.
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

/** Reads a method without running a getter. */
function methodOf(prototype: object, name: string): Handler | undefined {
  const value = Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown;
  return typeof value === 'function' && name !== 'constructor' ? (value as Handler) : undefined;
}
