import type { IncomingMessage, ServerResponse } from 'node:http';

/** The part of Express's request that the service uses. `trust proxy` decides what `ip`, `secure` and `host` are. */
export interface HttpRequest extends IncomingMessage {
  readonly ip?: string | undefined;
  readonly secure: boolean;
  /** Includes the port if the request named one. */
  readonly host?: string | undefined;
  readonly originalUrl: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** The media type that the `Accept` header prefers; the first one if it has no preference. */
  accepts(types: readonly string[]): string | false;
  readonly app: { get(setting: 'trust proxy fn'): (address: string, hop: number) => boolean };
}

export interface HttpResponse extends ServerResponse {
  redirect(status: number, url: string): void;
}
