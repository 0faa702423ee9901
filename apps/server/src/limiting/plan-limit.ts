/** The limits of a plan in requests of the admin API, and as the SQL functions name them. */
import { z } from 'zod';
import { idText } from '../http/schemas.js';
import { FACTOR_OR_LIMITS, factor, isFactorOrLimits, units } from './limits.schemas.js';

const MOST_LIMITS = 1_000;

/** A limit of a plan: of one API, of one group, or, with neither, of all APIs. */
const planLimit = z
  .strictObject({
    group: idText.nullish(),
    api: idText.nullish(),
    /** Units in any 60 s. `0` blocks; null: the default. */
    perMinute: units.nullish(),
    /** Units in any 3,600 s. `0` blocks; null: the default. */
    perHour: units.nullish(),
    /** A multiple of each API's own default, instead of limits. */
    factor: factor.nullish(),
  })
  .refine(({ group, api }) => group == null || api == null, 'name a group or an API, not both')
  .refine(({ perMinute, perHour, factor: times }) => (perMinute ?? perHour ?? times) != null, 'set a limit or a factor')
  .refine(isFactorOrLimits, FACTOR_OR_LIMITS);
export type PlanLimitInput = z.output<typeof planLimit>;

/** All limits of the plan. */
export const planLimits = z.array(planLimit).max(MOST_LIMITS);
