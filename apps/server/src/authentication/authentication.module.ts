import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccessGuard } from './access.guard.js';
import { AUTHENTICATION_SETTINGS, type AuthenticationSettings } from './authentication-settings.js';
import { Callers } from './callers.js';
import { Attempts } from './oidc/attempts.js';
import { IdentityProvider } from './oidc/identity-provider.js';
import { OidcController } from './oidc/oidc.controller.js';
import { OidcSignIn } from './oidc/oidc-sign-in.js';
import { PasswordChange } from './password-change.js';
import { ServiceToken } from './service-token.entity.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './sessions.js';
import { SignIn } from './sign-in.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { Staff } from './staff.entity.js';
import { ValidTokens } from './valid-tokens.js';

/** Who calls: people with their sessions, machines with their tokens. Guards every route of the service. */
@Module({
  imports: [TypeOrmModule.forFeature([Staff, ServiceToken])],
  controllers: [SessionController, OidcController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    Callers,
    Sessions,
    ValidTokens,
    SignIn,
    SignInAttempts,
    PasswordChange,
    IdentityProvider,
    Attempts,
    OidcSignIn,
  ],
  exports: [Sessions, ValidTokens, PasswordChange],
})
export class AuthenticationModule {
  /** Global, because the guard that it provides is. */
  static forRoot(settings: AuthenticationSettings): DynamicModule {
    return {
      module: AuthenticationModule,
      global: true,
      providers: [{ provide: AUTHENTICATION_SETTINGS, useValue: settings }],
    };
  }
}
