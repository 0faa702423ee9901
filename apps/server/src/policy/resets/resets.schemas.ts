import { z } from 'zod';
import { idText } from '../../http/schemas.js';
import { accountText, dimensions } from '../../limiting/limits.schemas.js';
import { reasonText, ticketText } from '../change.schemas.js';

export const resetParams = z.object({ account: accountText });

export const resetWindows = z.strictObject({
  /** An API that is counted with its group stands for the group. */
  api: idText,
  /** Only the subject with these values, e.g. `{ "bot": "b-17" }`; null or left out: every subject of the API. */
  dimensions: dimensions.nullish(),
  reason: reasonText,
  ticket: ticketText.nullish(),
});

/** What was forgiven. */
export const resetDone = z.object({
  historyId: z.int(),
  account: z.string(),
  api: z.string(),
  dimensions: dimensions.nullable(),
  /** The number of subjects whose windows held units. */
  subjects: z.int(),
  /** Units of all these subjects that counted in the last 60 s. */
  minuteUsed: z.int(),
  /** Units of all these subjects that counted in the last 3,600 s. */
  hourUsed: z.int(),
});
export type ResetDone = z.output<typeof resetDone>;

export const RESET_EXAMPLE: ResetDone = {
  historyId: 245,
  account: 'acme',
  api: 'publish-bot',
  dimensions: { bot: 'b-17' },
  subjects: 1,
  minuteUsed: 60,
  hourUsed: 312,
};
