import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from './logging/logger.js';
import type { Settings } from './settings.js';

/** Injection token of `Settings`. */
export const SETTINGS = Symbol('SETTINGS');

/** What every part of the service may inject: its settings and its logger. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot({ settings, logger }: { settings: Settings; logger: Logger }): DynamicModule {
    return {
      module: SettingsModule,
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: LOGGER, useValue: logger },
      ],
      exports: [SETTINGS, LOGGER],
    };
  }
}
