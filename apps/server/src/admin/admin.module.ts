import { Module } from '@nestjs/common';
import { LimitingModule } from '../limiting/limiting.module.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { AccountsService } from './accounts/accounts.service.js';
import { KnownAccounts } from './accounts/known-accounts.service.js';
import { PreviewService } from './accounts/preview.service.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CatalogueService } from './catalogue/catalogue.service.js';
import { EventsController } from './events/events.controller.js';
import { EventsService } from './events/events.service.js';
import { FindController } from './find/find.controller.js';
import { HistoryController } from './history/history.controller.js';
import { HistoryService } from './history/history.service.js';
import { NearLimitController } from './near-limit/near-limit.controller.js';
import { OverridesController } from './overrides/overrides.controller.js';
import { OverridesService } from './overrides/overrides.service.js';
import { ProofService } from './requests/proof.service.js';
import { RequestsController } from './requests/requests.controller.js';
import { RequestsService } from './requests/requests.service.js';
import { PolicyWriter } from './shared/policy-writer.js';
import { SystemController } from './system/system.controller.js';

/** The API the screens use: /admin/api. */
@Module({
  imports: [LimitingModule],
  controllers: [
    AccountsController,
    OverridesController,
    RequestsController,
    HistoryController,
    CatalogueController,
    NearLimitController,
    SystemController,
    FindController,
    EventsController,
  ],
  providers: [
    PolicyWriter,
    AccountsService,
    KnownAccounts,
    PreviewService,
    OverridesService,
    RequestsService,
    ProofService,
    HistoryService,
    CatalogueService,
    EventsService,
  ],
})
export class AdminModule {}
