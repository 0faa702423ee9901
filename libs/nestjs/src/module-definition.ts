import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RollgateOptions } from './options.js';

/** Injection token of the `RollgateOptions` passed to `forRoot` or `forRootAsync`. */
export const ROLLGATE_OPTIONS = Symbol('ROLLGATE_OPTIONS');

export const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<RollgateOptions>({
  optionsInjectionToken: ROLLGATE_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createRollgateOptions')
  .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
  .build();
