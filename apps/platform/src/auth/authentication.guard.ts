import { type CanActivate, type ExecutionContext, Inject, Injectable, UnauthorizedException } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { requestOf } from '../access/platform-request.js';
import { OPEN } from './open.js';
import { TokenError, TokenVerifier } from './tokens.js';

/** The first guard: identifies the caller before anything is read or counted. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TokenVerifier) private readonly tokens: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.getAllAndOverride<boolean>(OPEN, [context.getHandler(), context.getClass()])) return true;
    const request = requestOf(context);
    const [, token] = /^Bearer +([^ ]+) *$/i.exec(String(request.headers['authorization'] ?? '')) ?? [];
    if (token === undefined) throw new UnauthorizedException('Send a token: "Authorization: Bearer <token>".');
    try {
      request.user = await this.tokens.verify(token);
    } catch (error) {
      throw error instanceof TokenError ? new UnauthorizedException(error.message, { cause: error }) : error;
    }
    return true;
  }
}
