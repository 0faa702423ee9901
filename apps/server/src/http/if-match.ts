/** `If-Match` contains the version a change is based on, so that no change overwrites one its author has not seen. */
import { createParamDecorator, type ExecutionContext, HttpException } from '@nestjs/common';
import type { Request } from 'express';
import { problem } from './problem.js';

export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const header = context.switchToHttp().getRequest<Request>().header('if-match');
  if (header === undefined) {
    throw new HttpException(problem(428, 'If-Match is needed: the ETag of what is to be changed, e.g. "3"'), 428);
  }
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(header.trim())?.[1];
  if (version === undefined) throw new HttpException(problem(400, 'If-Match: must be one ETag, e.g. "3"'), 400);
  return Number(version);
});
