/** For tests of applications: the same module, counting in memory with a clock that the test controls. */
import type { DynamicModule } from '@nestjs/common';
import type { Catalogue } from '@rollgate/contract';
import { createMemoryLimiter } from '@rollgate/limiter/testing';
// The published package has one copy of what the main entry exports, so this entry imports it from there.
import { RollgateModule, type RollgateOptions } from './index.js';

/** The options of `RollgateModule` except `limiter`, and those of the memory limiter. */
export interface RollgateTestingOptions extends Omit<RollgateOptions, 'limiter'> {
  /** Returns the current time in Unix ms. Default: the real time. */
  readonly clock?: () => number;
  /** The APIs of the application, with their default limits. */
  readonly catalogue: Catalogue;
  readonly isGlobal?: boolean;
}

/** Replaces `RollgateModule` in tests: the same guard and decisions, without a database. */
export class RollgateTestingModule {
  static forRoot({ clock, catalogue, ...options }: RollgateTestingOptions): DynamicModule {
    const limiter = createMemoryLimiter({ catalogue, ...(clock && { clock }) });
    return RollgateModule.forRoot({ ...options, limiter });
  }
}
