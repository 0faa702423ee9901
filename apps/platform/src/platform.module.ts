/** Assembles the platform. The guards run in the order in which they are listed. */
import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, DiscoveryModule } from '@nestjs/core';
import type { Limiter } from '@rollgate/limiter';
import { limitRequestsController, RateLimitGuard, RollgateModule, rateLimitsController } from '@rollgate/nestjs';
import { AccessGuard } from './access/access.guard.js';
import { requestOf } from './access/platform-request.js';
import { AccountController } from './admin/account.controller.js';
import { RolesController } from './admin/roles.controller.js';
import { UsersController } from './admin/users.controller.js';
import { Users } from './admin/users.js';
import { AnalyticsController } from './analytics/analytics.controller.js';
import { ConversationsController } from './analytics/conversations.controller.js';
import { Conversations } from './analytics/conversations.js';
import { AuthenticationGuard } from './auth/authentication.guard.js';
import { TokenVerifier } from './auth/tokens.js';
import { BatchTestsController } from './bot-definition/batch-tests.controller.js';
import { BotsController } from './bot-definition/bots.controller.js';
import { ConversationTestsController } from './bot-definition/conversation-tests.controller.js';
import { ImportsController } from './bot-definition/imports.controller.js';
import { LanguagesController } from './bot-definition/languages.controller.js';
import { TestSuites } from './bot-definition/test-suites.js';
import { NotificationsController } from './bot-definition-notification/notifications.controller.js';
import { BotDefinitionStatusController } from './bot-definition-status/bot-definition-status.controller.js';
import { CatalogueController } from './catalogue/catalogue.controller.js';
import { RouteCatalogue } from './catalogue/route-catalogue.js';
import { DataAccessController } from './data-access/data-access.controller.js';
import { HealthController } from './http/health.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { SchemaPipe } from './http/schema.pipe.js';
import { ExtractionsController } from './nlp-training/extractions.controller.js';
import { Intents } from './nlp-training/intents.js';
import { TrainingController } from './nlp-training/training.controller.js';
import { NlpTrainingStatusController } from './nlp-training-status/nlp-training-status.controller.js';
import { Database } from './store/database.js';
import { Documents } from './store/documents.js';
import { CLOCK } from './store/injection-tokens.js';
import { Jobs } from './store/jobs.js';
import { Owners } from './store/owners.js';
import { Rows } from './store/rows.js';
import { SupportController } from './support/support.controller.js';

export interface PlatformParts {
  readonly database: Database;
  readonly limiter: Limiter;
  /** Whether to close the limiter with the platform. */
  readonly closeLimiter: boolean;
  readonly clock: () => number;
  readonly jwtSecret: string;
  readonly supportUrl: () => string;
}

@Module({})
class PlatformModule {}

export function platformModule({ database, clock, ...rollgate }: PlatformParts): DynamicModule {
  return {
    module: PlatformModule,
    imports: [DiscoveryModule, RollgateModule.forRootAsync({ useFactory: () => rollgateOptions(rollgate) })],
    controllers: [
      CatalogueController,
      HealthController,
      rateLimitsController({ path: 'api/public/rate-limits' }),
      limitRequestsController({ path: 'api/public/limit-requests' }),
      SupportController,
      BotsController,
      ImportsController,
      LanguagesController,
      BatchTestsController,
      ConversationTestsController,
      TrainingController,
      ExtractionsController,
      ConversationsController,
      AnalyticsController,
      BotDefinitionStatusController,
      NlpTrainingStatusController,
      AccountController,
      RolesController,
      UsersController,
      NotificationsController,
      DataAccessController,
    ],
    providers: [
      { provide: Database, useValue: database },
      { provide: CLOCK, useValue: clock },
      { provide: TokenVerifier, useValue: new TokenVerifier(rollgate.jwtSecret) },
      ...[Owners, Documents, Jobs, Rows, RouteCatalogue, TestSuites, Intents, Conversations, Users],
      { provide: APP_GUARD, useClass: AuthenticationGuard },
      { provide: APP_GUARD, useClass: AccessGuard },
      { provide: APP_GUARD, useExisting: RateLimitGuard },
      { provide: APP_PIPE, useClass: SchemaPipe },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
  };
}

function rollgateOptions({ limiter, closeLimiter, supportUrl, jwtSecret }: Omit<PlatformParts, 'database' | 'clock'>) {
  return {
    limiter,
    closeLimiter,
    // Rollgate finds the account, the bot and the table by default. Only a request ID of the caller is a subject. Invented ones
    // share one subject, because otherwise each would have its own limit.
    subjects: { request_id: (context: Parameters<typeof requestOf>[0]) => requestOf(context).access?.job?.id },
    limitRequests: { url: supportUrl, secret: jwtSecret },
  };
}
