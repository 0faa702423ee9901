import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ServiceToken } from '../authentication/service-token.entity.js';
import { SessionController } from '../authentication/session.controller.js';
import { Sessions } from '../authentication/sessions.js';
import { SignIn } from '../authentication/sign-in.js';
import { SignInAttempts } from '../authentication/sign-in-attempts.js';
import { Staff } from '../authentication/staff.entity.js';
import { LimitingModule } from '../limiting/limiting.module.js';
import { People } from './people.js';
import { ServiceTokensController } from './service-tokens.controller.js';
import { ServiceTokens } from './service-tokens.js';
import { StaffController } from './staff.controller.js';

/** Access to the service: people with their sessions, machines with their tokens. */
@Module({
  imports: [TypeOrmModule.forFeature([Staff, ServiceToken]), LimitingModule],
  controllers: [SessionController, StaffController, ServiceTokensController],
  providers: [People, Sessions, ServiceTokens, SignIn, SignInAttempts],
  exports: [Sessions, ServiceTokens, SignInAttempts],
})
export class StaffModule {}
