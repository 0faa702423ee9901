import { SetMetadata } from '@nestjs/common';

export const OPEN = 'platform:open';

/** The route needs no token, and its calls are not counted. */
export const Open = (): MethodDecorator & ClassDecorator => SetMetadata(OPEN, true);
