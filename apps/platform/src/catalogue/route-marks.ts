/** What a route says of itself for the published catalogue, beside its `@RateLimit`. */
import { SetMetadata } from '@nestjs/common';

export const EXAMPLE = 'platform:example';
export const STATUS_OF = 'platform:status-of';

/** A body that works on a new bot, table or account. */
export const Example = (body: Readonly<Record<string, unknown>>): MethodDecorator => SetMetadata(EXAMPLE, body);

/** The APIs whose answer has the `requestId` this route reads. The catalogue names the first one. */
export const StatusOf = (...apis: readonly [string, ...string[]]): MethodDecorator => SetMetadata(STATUS_OF, apis);
