/** What a change of limits says about itself. */
import { z } from 'zod';
import { text } from '../http/schemas.js';

export const reasonText = text({ most: 2_000 });
export const ticketText = text({ most: 128 });

/** The caller confirms that limits are lowered. */
export const allowLowering = z.boolean().optional();
