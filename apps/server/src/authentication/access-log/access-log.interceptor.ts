/** Records each answer that shows an account, and each export, before it is sent. */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { mergeMap, type Observable } from 'rxjs';
import type { z } from 'zod';
import { ExportFile } from '../../http/csv.js';
import type { ExportRequest } from '../../http/export-form.js';
import type { HttpRequest, HttpResponse } from '../../http/http-request.js';
import { READ_ROUTE, type ReadRoute } from '../../http/reads.js';
import type { Caller, CallerRequest } from '../caller.js';
import { AccessLog } from './access-log.js';
import type { AccessNote } from './notes.js';

type Request = HttpRequest &
  CallerRequest &
  ExportRequest & { readonly params: Readonly<Record<string, string>>; readonly body?: unknown };

interface Exchange {
  readonly request: Request;
  readonly response: HttpResponse;
}

/** Parts of a query that say how the answer is sent, not what it contains. */
const FORM = new Set(['format', 'after', 'limit']);

@Injectable()
export class AccessLogInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly log: AccessLog,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const route = this.reflector.get<ReadRoute | undefined>(READ_ROUTE, context.getHandler());
    const http = context.switchToHttp();
    const exchange = { request: http.getRequest<Request>(), response: http.getResponse<HttpResponse>() };
    const { caller } = exchange.request;
    if (route === undefined || caller === undefined) return next.handle();
    return next.handle().pipe(mergeMap((answer: unknown) => this.#record(exchange, { route, caller, answer })));
  }

  /** Resolves to the answer. */
  async #record(
    exchange: Exchange,
    { route, caller, answer }: { route: ReadRoute; caller: Caller; answer: unknown },
  ): Promise<unknown> {
    if (exchange.request.exportForm !== undefined) return await this.#export(exchange, { route, caller, answer });
    const note = readNote(route, exchange.request, answer);
    if (note !== undefined) await this.log.read(caller, note);
    return answer;
  }

  async #export(
    { request, response }: Exchange,
    { route, caller, answer }: { route: ReadRoute; caller: Caller; answer: unknown },
  ): Promise<unknown> {
    if (!(answer instanceof ExportFile)) throw new Error(`${route.id} does not make its files with exportOf`);
    const filters = filtersOf(route, request);
    const note = { action: 'export', account: textOf(filters['account']), route: route.id, filters } as const;
    // If this fails, Nest destroys the stream, which ends the statement.
    const id = await this.log.exportBegan(caller, note);
    const ended = () => {
      const rows = request.method === 'HEAD' ? 0 : answer.rows;
      this.log.exportEnded(id, { rows, complete: response.writableFinished });
    };
    // The client may have disconnected meanwhile.
    if (response.closed) ended();
    else response.once('close', ended);
    return answer;
  }
}

/** undefined: nothing is to be recorded. */
function readNote(route: ReadRoute, request: Request, answer: unknown): AccessNote | undefined {
  const { id, reads } = route;
  if (reads === undefined || (typeof reads === 'object' && 'notRecordedBecause' in reads)) return undefined;
  if (typeof reads === 'object')
    return { action: 'view_account', account: reads.accountOf(answer as never), route: id, filters: {} };
  const filters = filtersOf(route, request);
  if (reads === 'list') {
    const account = textOf(filters['account']);
    return account === null ? undefined : { action: 'list', account, route: id, filters };
  }
  const account = textOf(filters['account'] ?? parsed(route.body, request.body)['account']);
  return { action: 'view_account', account, route: id, filters: {} };
}

/** What the path and the query select, as the route reads it. */
function filtersOf({ params, query }: ReadRoute, request: Request): Readonly<Record<string, unknown>> {
  const all = { ...parsed(params, request.params), ...parsed(query, request.query) };
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => value !== undefined && !FORM.has(name)));
}

/** The handler has already accepted the value. */
function parsed(schema: z.ZodType | undefined, value: unknown): Readonly<Record<string, unknown>> {
  return (schema?.safeParse(value ?? {}).data ?? {}) as Readonly<Record<string, unknown>>;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
