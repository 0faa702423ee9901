/** Decorators of routes for the published catalogue, in addition to `@RateLimit`. */
import { SetMetadata } from '@nestjs/common';

export const EXAMPLE = 'platform:example';
export const STATUS_OF = 'platform:status-of';

/** A body that works on a new bot, table or account. */
export const Example = (body: Readonly<Record<string, unknown>>): MethodDecorator => SetMetadata(EXAMPLE, body);

/** The APIs whose answer has the `requestId` that this route reads. The catalogue shows the first one. */
export const StatusOf = (...apis: readonly [string, ...string[]]): MethodDecorator => SetMetadata(STATUS_OF, apis);
