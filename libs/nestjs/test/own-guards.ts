import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Injectable,
  Next,
  type Provider,
  UseGuards,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Catalogue, type Decision } from '@rollgate/contract';
import { RateLimit, RateLimitExceededException, RateLimitGuard } from '../src/index.js';
import { TokenGuard } from './http-app.js';

export const catalogue = new Catalogue([
  {
    id: 'g',
    title: 'G',
    level: ['account'],
    limits: { perMinute: 3, perHour: 100 },
    apis: [
      { id: 'one', title: 'One' },
      { id: 'two', title: 'Two', level: ['account', 'table'] },
    ],
  },
]);

@Injectable()
export class StrictGuard extends RateLimitGuard {
  static readonly denied: Decision[] = [];

  protected override shouldSkip(context: ExecutionContext): boolean {
    return context.switchToHttp().getRequest().headers['x-internal'] === 'yes';
  }

  protected override resolveSubject(dimension: string, context: ExecutionContext): unknown {
    if (dimension === 'table') return context.switchToHttp().getRequest().headers['x-table'];
    return super.resolveSubject(dimension, context);
  }

  protected override costOf(context: ExecutionContext): number {
    return Number(context.switchToHttp().getRequest().headers['x-cost'] ?? 1);
  }

  protected override onDenied(decision: Decision): void {
    StrictGuard.denied.push(decision);
    throw new HttpException({ denied: decision.deniedBy }, 429);
  }
}

@Injectable()
class MildGuard extends RateLimitGuard {
  constructor(private readonly reflector: Reflector) {
    super();
  }

  protected override onDenied(_decision: Decision, context: ExecutionContext): void {
    if (this.reflector.get('throws', context.getHandler())) throw new Error('no test marks a handler so');
  }
}

/** Passes a call that the first guard denied on to the second guard. */
@Injectable()
export class SwallowingGuard extends RateLimitGuard {
  static readonly denials: string[] = [];

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await super.canActivate(context).catch((error: RateLimitExceededException) => {
      SwallowingGuard.denials.push(error.decision.id);
    });
    return true;
  }
}

/** Runs `RateLimitGuard` twice concurrently, as a guard composed of others does. */
@Injectable()
class BothGuard implements CanActivate {
  constructor(
    private readonly first: RateLimitGuard,
    private readonly second: StrictGuard,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const answers = await Promise.all([this.first.canActivate(context), this.second.canActivate(context)]);
    return answers.every(Boolean);
  }
}

const handle = () => ({ ok: true });

@Controller('plain')
@RateLimit('one')
export class PlainController {
  @Get()
  plain() {
    return handle();
  }

  @Get('table')
  @RateLimit('two')
  table() {
    return handle();
  }

  @Get('guarded')
  @UseGuards(RateLimitGuard)
  guarded() {
    return handle();
  }

  @Get('side-by-side')
  @UseGuards(BothGuard)
  sideBySide() {
    return handle();
  }

  @Get('thrice')
  @UseGuards(RateLimitGuard, SwallowingGuard, BothGuard)
  thrice() {
    return handle();
  }
}

@Controller('strict')
@UseGuards(TokenGuard, StrictGuard)
export class StrictController {
  @Get()
  @RateLimit('two')
  strict() {
    return handle();
  }
}

@Controller('mild')
@UseGuards(TokenGuard, MildGuard)
export class MildController {
  @Get()
  @RateLimit('one')
  mild() {
    return handle();
  }
}

@Controller()
export class FallThroughController {
  @Get('fall/through')
  @RateLimit('one')
  first(@Next() next: () => void) {
    next();
  }

  @Get('fall/:anything')
  @RateLimit('one')
  second() {
    return handle();
  }
}

export const OWN_GUARDS: Provider[] = [StrictGuard, MildGuard, SwallowingGuard, BothGuard];
