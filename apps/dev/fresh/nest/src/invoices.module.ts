import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  Param,
  Post,
  UnauthorizedException,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Catalogue } from '@rollgate/contract';
import { RateLimit, RateLimitGuard, RollgateHealth, type SubjectResolvers } from '@rollgate/nestjs';

export const catalogue = new Catalogue([
  {
    id: 'invoices',
    title: 'Invoices',
    level: ['account'],
    limits: { perMinute: 60, perHour: 1800 },
    apis: [{ id: 'send-invoice', title: 'Send an invoice', level: ['invoice'], limits: { perMinute: 3, perHour: 10 } }],
  },
]);

export const subjects: SubjectResolvers = {
  invoice: (context) => context.switchToHttp().getRequest().params.invoiceId,
};

@Injectable()
class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest();
    if (request.headers.authorization !== 'Bearer demo-key') throw new UnauthorizedException();
    request.user = { account: 'acme' };
    return true;
  }
}

@Injectable()
class InvoicesService {
  send(id: string) {
    return { sent: id };
  }
}

@Controller('invoices')
class InvoicesController {
  // Nest injects both by their types, so this fails if a class is not the one that the module provides.
  constructor(
    private readonly invoices: InvoicesService,
    private readonly health: RollgateHealth,
  ) {}

  @Get('ready')
  ready() {
    return this.health.readiness();
  }

  @Post(':invoiceId/send')
  @RateLimit('send-invoice')
  send(@Param('invoiceId') invoiceId: string) {
    return this.invoices.send(invoiceId);
  }
}

@Module({
  controllers: [InvoicesController],
  providers: [
    InvoicesService,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: RateLimitGuard },
  ],
})
export class InvoicesModule {}
