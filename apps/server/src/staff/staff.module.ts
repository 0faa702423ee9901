import { Module } from '@nestjs/common';
import { AccessController } from './access/access.controller.js';
import { AccessService } from './access/access.service.js';
import { People } from './people.js';
import { ServiceTokensController } from './service-tokens.controller.js';
import { ServiceTokens } from './service-tokens.js';
import { StaffController } from './staff.controller.js';

/** Administers who may use the service: people and service tokens. Shows who used it. */
@Module({
  controllers: [StaffController, ServiceTokensController, AccessController],
  providers: [People, ServiceTokens, AccessService],
})
export class StaffModule {}
