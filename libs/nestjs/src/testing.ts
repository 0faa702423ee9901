/** For tests of applications: the same module, counting in memory by a clock the test owns. */
import type { DynamicModule } from '@nestjs/common';
import type { Catalogue } from '@rollgate/contract';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
import { RollgateModule } from './module.js';
import type { RollgateOptions } from './options.js';

export interface RollgateTestingOptions extends Omit<RollgateOptions, 'limiter'> {
  /** Unix ms, the real time by default. */
  readonly clock?: () => number;
  /** The platform's matrix by default. */
  readonly catalogue?: Catalogue;
  readonly isGlobal?: boolean;
}

/** Stands in for `RollgateModule`: same guard, same decisions, no database. */
export class RollgateTestingModule {
  static forRoot({ clock, catalogue, ...options }: RollgateTestingOptions = {}): DynamicModule {
    const limiter = createMemoryLimiter({ ...(clock && { clock }), ...(catalogue && { catalogue }) });
    return RollgateModule.forRoot({ ...options, limiter });
  }
}
