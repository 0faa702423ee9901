/** The sentences for the codes of `rollgate.limit_candidates`. The command line and the screens show them as they are. */
import type { Candidate, Code } from './which.schemas.js';

type Facts = Pick<Candidate, 'code' | 'than' | 'startsAt' | 'endsAt' | 'source'>;

const PLAN = 'plan:';

const REASONS: Readonly<Record<Code, (facts: Facts) => string>> = {
  applies: () => 'It sets the limits.',
  base: ({ than }) =>
    `It is what ${nameOf(than)} starts from: a factor multiplies it, extra units are added to it, and a window that is left open keeps it.`,
  adds_nothing: () => 'Its extra units change no limit: a limit of 0 stays 0, and no limit is above 1,000,000,000.',
  less_specific: ({ than }) => `It is less specific than ${nameOf(than)}.`,
  older: ({ than }) => `It is older than ${nameOf(than)}, which covers the same.`,
  only_mode: () => 'It sets only the mode, no limit and no extra units.',
  other_subject: () => 'It is for another subject.',
  ended: ({ endsAt }) => `It ended at ${endsAt}.`,
  not_started: ({ startsAt }) => `It starts at ${startsAt}.`,
  assigned: ({ than }) => `The account is assigned to ${nameOf(than)}, which comes before the plan of the call.`,
  no_row: () => 'The plan has no limit for this API.',
  unknown_plan: ({ source }) =>
    `There is no plan "${source.slice(PLAN.length)}", so the call counts as one without a plan.`,
};

export function reasonOf(facts: Facts): string {
  return REASONS[facts.code](facts);
}

/** `the plan pro` for `plan:pro`. */
function nameOf(source: string | null): string {
  return source?.startsWith(PLAN) ? `the plan ${source.slice(PLAN.length)}` : String(source);
}
