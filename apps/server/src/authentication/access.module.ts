import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { StaffModule } from '../staff/staff.module.js';
import { AccessGuard } from './access.guard.js';
import { Callers } from './callers.js';

/** Guards every route of the service. */
@Module({
  imports: [StaffModule],
  providers: [Callers, { provide: APP_GUARD, useClass: AccessGuard }],
})
export class AccessModule {}
