import { SetMetadata } from '@nestjs/common';

export const OPEN = 'platform:open';

/** No token is asked for, and nothing is counted. */
export const Open = (): MethodDecorator & ClassDecorator => SetMetadata(OPEN, true);
