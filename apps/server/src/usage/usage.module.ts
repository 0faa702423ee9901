import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { DenialsController } from './denials.controller.js';
import { DenialsService } from './denials.service.js';
import { NearLimitController } from './near-limit.controller.js';
import { PreviewController } from './preview.controller.js';
import { PreviewService } from './preview.service.js';
import { SearchController } from './search.controller.js';
import { WhatIfController } from './what-if/what-if.controller.js';
import { WhatIfService } from './what-if/what-if.service.js';
import { WhichController } from './which/which.controller.js';
import { WhichService } from './which/which.service.js';

/** What accounts use, and which of their calls were denied. */
@Module({
  controllers: [
    AccountsController,
    PreviewController,
    NearLimitController,
    SearchController,
    DenialsController,
    WhichController,
    WhatIfController,
  ],
  providers: [AccountsService, PreviewService, DenialsService, WhichService, WhatIfService],
})
export class UsageModule {}
