import { Module } from '@nestjs/common';
import { People } from './people.js';
import { ServiceTokensController } from './service-tokens.controller.js';
import { ServiceTokens } from './service-tokens.js';
import { StaffController } from './staff.controller.js';

/** Administers who may use the service: people and service tokens. */
@Module({
  controllers: [StaffController, ServiceTokensController],
  providers: [People, ServiceTokens],
})
export class StaffModule {}
