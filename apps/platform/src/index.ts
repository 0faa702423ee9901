export { signToken } from './auth/tokens.js';
export type { PublishedApi } from './catalogue/route-catalogue.js';
export { createPlatform, type Platform, type PlatformOptions } from './platform.js';
