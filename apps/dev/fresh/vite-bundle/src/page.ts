import { createClient } from '@rollgate/client';
import { DENIED_MESSAGE, rateLimitProblemSchema } from '@rollgate/contract';
import { waitText } from '@rollgate/contract/wait-text';

/** Sends an invoice, and waits if that is denied. Calls `show` with what a page shows meanwhile. */
export async function sendInvoice(url: string, show: (text: string) => void): Promise<number> {
  const client = createClient({ onDenial: () => show('denied') });
  const response = await client.fetch(url, { method: 'POST' });
  client.close();
  return response.status;
}

/** What a page shows for the body of a denial. */
export function textOf(body: unknown): string {
  const { message, retryAfterSeconds } = rateLimitProblemSchema.parse(body);
  return `${message === DENIED_MESSAGE ? 'Too many calls' : message}: retry in ${waitText((retryAfterSeconds ?? 3600) * 1000)}`;
}
