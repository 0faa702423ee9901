import { Module } from '@nestjs/common';
import { StaffModule } from '../../staff/staff.module.js';
import { Attempts } from './attempts.js';
import { IdentityProvider } from './identity-provider.js';
import { OidcController } from './oidc.controller.js';
import { OidcSignIn } from './oidc-sign-in.js';

/** Sign-in through an identity provider, if one is configured. */
@Module({
  imports: [StaffModule],
  controllers: [OidcController],
  providers: [IdentityProvider, Attempts, OidcSignIn],
})
export class OidcModule {}
