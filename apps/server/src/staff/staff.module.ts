import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LimitingModule } from '../limiting/limiting.module.js';
import { People } from './people.js';
import { ServiceToken } from './service-token.entity.js';
import { ServiceTokensController } from './service-tokens.controller.js';
import { ServiceTokens } from './service-tokens.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './sessions.js';
import { SignIn } from './sign-in.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { StaffController } from './staff.controller.js';
import { Staff } from './staff.entity.js';

/** Access to the service: people with their sessions, machines with their tokens. */
@Module({
  imports: [TypeOrmModule.forFeature([Staff, ServiceToken]), LimitingModule],
  controllers: [SessionController, StaffController, ServiceTokensController],
  providers: [People, Sessions, ServiceTokens, SignIn, SignInAttempts],
  exports: [Sessions, ServiceTokens, SignInAttempts],
})
export class StaffModule {}
