import { Module } from '@nestjs/common';
import { AccountsController } from './accounts.controller.js';
import { AccountsService } from './accounts.service.js';
import { DenialsController } from './denials.controller.js';
import { DenialsService } from './denials.service.js';
import { NearLimitController } from './near-limit.controller.js';
import { PreviewController } from './preview.controller.js';
import { PreviewService } from './preview.service.js';
import { SearchController } from './search.controller.js';

/** What accounts use, and which of their calls were denied. */
@Module({
  controllers: [AccountsController, PreviewController, NearLimitController, SearchController, DenialsController],
  providers: [AccountsService, PreviewService, DenialsService],
})
export class UsageModule {}
