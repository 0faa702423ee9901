/**
 * Lists as files. A route declares its file formats with `alsoAs`. The access guard determines which one a request wants
 * and requires the permission `export`. A handler gets the format from the guard only, so it can't send a file unchecked.
 */
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { HttpRequest } from './http-request.js';

/** Each format and its media type. */
export const EXPORT_TYPES = { csv: 'text/csv', ndjson: 'application/x-ndjson' } as const;

export type ExportForm = keyof typeof EXPORT_TYPES;

/** What the access guard adds to a request: the file format of the response. */
export interface ExportRequest {
  exportForm?: ExportForm | undefined;
}

export const EXPORTS = Symbol('rollgate:exports');

export const Exports = (forms: readonly ExportForm[]): MethodDecorator => SetMetadata(EXPORTS, forms);

/** `?format=` takes precedence over the `Accept` header. undefined: a response for a screen, not a file. */
export function wantedExport(request: HttpRequest, forms: readonly ExportForm[]): ExportForm | undefined {
  const { format } = request.query;
  if (format !== undefined) return forms.find((form) => form === format);
  // JSON first: a caller that accepts anything gets JSON.
  const accepted = request.accepts(['application/json', ...forms.map((form) => EXPORT_TYPES[form])]);
  return forms.find((form) => EXPORT_TYPES[form] === accepted);
}

/** `@AsExport() form: ExportForm | undefined`: the file format that the caller wants and may have; undefined: JSON. */
export const AsExport = createParamDecorator(
  (_: unknown, context: ExecutionContext): ExportForm | undefined =>
    context.switchToHttp().getRequest<ExportRequest>().exportForm,
);
