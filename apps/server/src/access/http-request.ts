import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CallerRequest } from './caller.js';
import type { ExportForm } from './export-form.js';

/** As much of Express's request as the service looks at. `trust proxy` decides what `ip`, `secure` and `host` are. */
export interface HttpRequest extends IncomingMessage, CallerRequest {
  readonly ip?: string | undefined;
  readonly secure: boolean;
  /** With its port, where one was named. */
  readonly host?: string | undefined;
  readonly originalUrl: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** The media type of these that the `Accept` header prefers, the first one where it has no preference. */
  accepts(types: readonly string[]): string | false;
  /** Set by the access guard: the file this request gets. */
  exportForm?: ExportForm | undefined;
  readonly app: { get(setting: 'trust proxy fn'): (address: string, hop: number) => boolean };
}

export interface HttpResponse extends ServerResponse {
  redirect(status: number, url: string): void;
}
