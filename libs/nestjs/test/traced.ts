/** Decorators that replace methods, classes that use them, and the catalogue of their tests. */
import { Controller, Post } from '@nestjs/common';
import { Catalogue } from '@rollgate/contract';
import { RateLimit } from '../src/index.js';
import { RollgateTestingModule } from '../src/testing.js';

export const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['account'],
    limits: { perMinute: 3, perHour: 100 },
    apis: [
      { id: 'one', title: 'One' },
      { id: 'two', title: 'Two', limits: { perMinute: 1, perHour: 100 } },
    ],
  },
]);
export const testing = () => RollgateTestingModule.forRoot({ catalogue });

type Method = (...args: unknown[]) => unknown;

/** Replaces the method by another function, as tracing, caching and transaction decorators do. */
export function Traced(): MethodDecorator {
  return (_target, _key, descriptor) => {
    const traced = descriptor.value as unknown as Method;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return traced.apply(this, args);
    } as never;
  };
}

/** Replaces methods after the class was created, as class-wide instrumentation does. */
export function TracedClass(): ClassDecorator {
  return (target) => {
    for (const name of Object.getOwnPropertyNames(target.prototype)) {
      const method = target.prototype[name] as Method;
      if (name === 'constructor') continue;
      const traced = function (this: unknown, ...args: unknown[]) {
        return method.apply(this, args);
      };
      for (const key of Reflect.getMetadataKeys(method)) {
        // Keeps route metadata and loses other metadata.
        if (!String(key).startsWith('rollgate:')) {
          Reflect.defineMetadata(key, Reflect.getMetadata(key, method), traced);
        }
      }
      target.prototype[name] = traced;
    }
  };
}

export const handle = () => ({ ok: true });

export abstract class Base {
  @Post()
  @Traced()
  @RateLimit('one')
  inherited() {
    return handle();
  }

  @Post('overridden')
  @RateLimit('one')
  overridden() {
    return handle();
  }

  @Post('own')
  @RateLimit('one')
  own() {
    return handle();
  }

  @Post('removed')
  @RateLimit('one')
  removed() {
    return handle();
  }
}

@Controller('derived')
export class DerivedController extends Base {
  @Post('overridden')
  override overridden() {
    return handle();
  }

  @Post('own')
  @Traced()
  @RateLimit('two')
  override own() {
    return handle();
  }

  override removed() {
    return handle();
  }
}
