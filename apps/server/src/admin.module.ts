import { Module } from '@nestjs/common';
import { KnownAccounts } from './limiting/known-accounts.service.js';
import { LimitingModule } from './limiting/limiting.module.js';
import { SystemController } from './operations/system.controller.js';
import { CatalogueController } from './policy/catalogue/catalogue.controller.js';
import { CatalogueService } from './policy/catalogue/catalogue.service.js';
import { HistoryController } from './policy/history/history.controller.js';
import { HistoryService } from './policy/history/history.service.js';
import { LimitRequestsController } from './policy/limit-requests/limit-requests.controller.js';
import { LimitRequestsService } from './policy/limit-requests/limit-requests.service.js';
import { ProofService } from './policy/limit-requests/proof.service.js';
import { OverridesController } from './policy/overrides/overrides.controller.js';
import { OverridesService } from './policy/overrides/overrides.service.js';
import { PolicyWriter } from './policy/policy-writer.js';
import { AccountsController } from './usage/accounts.controller.js';
import { AccountsService } from './usage/accounts.service.js';
import { DenialsController } from './usage/denials.controller.js';
import { DenialsService } from './usage/denials.service.js';
import { NearLimitController } from './usage/near-limit.controller.js';
import { PreviewService } from './usage/preview.service.js';
import { SearchController } from './usage/search.controller.js';

/** The API the screens use: /admin/api. */
@Module({
  imports: [LimitingModule],
  controllers: [
    AccountsController,
    OverridesController,
    LimitRequestsController,
    HistoryController,
    CatalogueController,
    NearLimitController,
    SystemController,
    SearchController,
    DenialsController,
  ],
  providers: [
    PolicyWriter,
    AccountsService,
    KnownAccounts,
    PreviewService,
    OverridesService,
    LimitRequestsService,
    ProofService,
    HistoryService,
    CatalogueService,
    DenialsService,
  ],
})
export class AdminModule {}
