/** The form for axios: its adapter is wrapped, so interceptors and all other options work as before. */
import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosInstance,
  type AxiosResponse,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import { isStream } from './calls/body.js';
import type { Call, CallOptions } from './calls/call.js';
import type { RateLimitedClient } from './client.js';
import { Coalescer } from './coalesce.js';
import { CallAbortedError } from './errors.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Options of this call for the client that limits this instance. */
    rateLimit?: CallOptions;
  }
}

/** An answer of the adapter: axios rejects for the statuses that `validateStatus` refuses. */
interface Answer {
  readonly response: AxiosResponse;
  readonly error?: AxiosError;
}

/** Makes all calls of this instance keep the limits. Returns the instance. */
export function limitAxios<T extends AxiosInstance>(instance: T, client: RateLimitedClient): T {
  const send = axios.getAdapter(instance.defaults.adapter);
  const coalescer = new Coalescer<Answer>(() => client.options.clock.nowMs());
  instance.defaults.adapter = async (config) => {
    const { response, error } = await answerTo(config, { send, client, coalescer }).catch((reason: unknown) => {
      // What axios rejects with, so that `axios.isCancel` holds.
      throw reason instanceof CallAbortedError ? new CanceledError(reason.message, config) : reason;
    });
    if (error) throw error;
    return response;
  };
  return instance;
}

async function answerTo(
  config: InternalAxiosRequestConfig,
  { send, client, coalescer }: { send: AxiosAdapter; client: RateLimitedClient; coalescer: Coalescer<Answer> },
): Promise<Answer> {
  const signal = config.rateLimit?.signal ?? (config.signal as AbortSignal | undefined);
  const options: CallOptions = { ...config.rateLimit, ...(signal && { signal }) };
  const call = callOf(config, send);
  const run = (one: CallOptions): Promise<Answer> => client.run(call, one);
  const isText = config.responseType === undefined || ['json', 'text'].includes(config.responseType);
  const joins = client.options.coalesce && call.method === 'GET' && isText && config.data === undefined;
  if (!joins) return await run(options);
  const key = JSON.stringify([call.url, Object.entries(config.headers.toJSON()), config.responseType, config.timeout]);
  return await coalescer.run({ key, options, run, copy: (answer) => copyFor(config, answer) });
}

function callOf(config: InternalAxiosRequestConfig, send: AxiosAdapter): Call<Answer> {
  const { location } = globalThis as { location?: { href: string } };
  const url = new URL(axios.getUri(config), location?.href).href;
  return {
    method: (config.method ?? 'get').toUpperCase(),
    url,
    headers: { get: (name) => textOf(config.headers.get(name)) },
    canResend: !isStream(config.data),
    async send(signal) {
      try {
        return { response: await send({ ...config, ...(signal && { signal }) }) };
      } catch (error) {
        if (error instanceof AxiosError && error.response) return { response: error.response, error };
        throw error;
      }
    },
    read: ({ response }) => ({
      status: response.status,
      headers: { get: (name) => textOf(AxiosHeaders.from(response.headers as AxiosHeaders).get(name)) },
    }),
    discard({ response }) {
      const body = response.data as { destroy?(): void } | undefined;
      if (typeof body?.destroy === 'function') body.destroy();
    },
  };
}

/** axios transforms the data of a response in place, so each caller needs a response of its own. */
function copyFor(config: InternalAxiosRequestConfig, { response, error }: Answer): Answer {
  const copy = { ...response, config, headers: AxiosHeaders.from(response.headers as AxiosHeaders) };
  if (!error) return { response: copy };
  return { response: copy, error: new AxiosError(error.message, error.code, config, error.request, copy) };
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null || value === false ? null : String(value);
}
