import { Module } from '@nestjs/common';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { CatalogueService } from './catalogue/catalogue.service.js';
import { HistoryController } from './history/history.controller.js';
import { HistoryService } from './history/history.service.js';
import { UndoWriter } from './history/undo-writer.js';
import { Importer } from './import/importer.js';
import { ImportsController } from './import/imports.controller.js';
import { ImportsService } from './import/imports.service.js';
import { LimitRequestsController } from './limit-requests/limit-requests.controller.js';
import { LimitRequestsService } from './limit-requests/limit-requests.service.js';
import { ProofService } from './limit-requests/proof.service.js';
import { OverridesController } from './overrides/overrides.controller.js';
import { OverridesService } from './overrides/overrides.service.js';
import { AccountPlanController } from './plans/account-plan.controller.js';
import { AssignmentsService } from './plans/assignments.service.js';
import { PlansController } from './plans/plans.controller.js';
import { PlansService } from './plans/plans.service.js';
import { PolicyWriter } from './policy-writer.js';
import { ResetsController } from './resets/resets.controller.js';
import { ResetsService } from './resets/resets.service.js';

/** Everything that sets limits: overrides, plans, limit requests, the catalogue; resets by staff; and the history of all of it. */
@Module({
  controllers: [
    ImportsController,
    OverridesController,
    LimitRequestsController,
    HistoryController,
    CatalogueController,
    PlansController,
    AccountPlanController,
    ResetsController,
  ],
  providers: [
    PolicyWriter,
    UndoWriter,
    Importer,
    ImportsService,
    OverridesService,
    LimitRequestsService,
    ProofService,
    HistoryService,
    CatalogueService,
    PlansService,
    AssignmentsService,
    ResetsService,
  ],
})
export class PolicyModule {}
