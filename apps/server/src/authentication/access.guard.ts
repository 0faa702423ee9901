/** Checks that the caller may use the route. A route that declares no access is refused; a file needs `export`. */
import {
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Logger } from 'pino';
import { ACCESS, type Access } from '../http/access.decorators.js';
import { EXPORTS, type ExportForm, type ExportRequest, wantedExport } from '../http/export-form.js';
import type { HttpRequest, HttpResponse } from '../http/http-request.js';
import { problem } from '../http/problem.js';
import { LOGGER } from '../logging/logger.js';
import { assertMay, type CallerRequest } from './caller.js';
import { Callers } from './callers.js';

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, places);
    if (access === undefined) {
      const route = `${context.getClass().name}.${context.getHandler().name}`;
      this.logger.error({ route }, 'a route declares no access, so every call is refused');
      throw new ForbiddenException(problem(403, 'This route is not available.'));
    }
    // Do not even read the cookie: a probe must not depend on the database.
    if ('publicBecause' in access) return true;
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest & CallerRequest & ExportRequest>();
    const response = http.getResponse<HttpResponse>();
    response.setHeader('Cache-Control', 'no-store');
    const caller = await this.callers.find(request);
    if (caller === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="rollgate"');
      throw new UnauthorizedException(problem(401, 'Please sign in.'));
    }
    if ('permission' in access) assertMay(caller, access.permission);
    const forms = this.reflector.get<readonly ExportForm[] | undefined>(EXPORTS, context.getHandler()) ?? [];
    request.exportForm = wantedExport(request, forms);
    if (request.exportForm !== undefined) assertMay(caller, 'export');
    request.caller = caller;
    return true;
  }
}
