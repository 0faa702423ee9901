/** Collects events in any order and runs them in order of time. */
import type { Columns, PastAuthor, PastPolicy } from './past-policy.js';
import { type Subject, subjectOf } from './world.js';

/** A denial for which a limit request was filed: its limit event must exist. */
export interface WantedDenial {
  readonly eventId: string;
  readonly at: Date;
  readonly subject: Subject;
}

/** Usage of an override. */
export interface Use {
  readonly id: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly peakMinute: number;
  readonly peakHour: number;
  readonly neededAt: Date | null;
}

type Used = Omit<Use, 'id' | 'firstAt'>;

interface Step {
  readonly at: Date;
  readonly run: (at: Date) => Promise<unknown>;
}

export class StoryTeller {
  readonly denials: WantedDenial[] = [];
  readonly uses: Use[] = [];
  readonly #policy: PastPolicy;
  readonly #eventId: () => string;
  readonly #steps: Step[] = [];
  readonly #ids = new Map<string, string>();

  constructor(policy: PastPolicy, eventId: () => string) {
    this.#policy = policy;
    this.#eventId = eventId;
  }

  step(at: Date, run: (policy: PastPolicy, at: Date) => Promise<unknown>): void {
    this.#steps.push({ at, run: (moment) => run(this.#policy, moment) });
  }

  /** `name`: identifies the override in the story. */
  override(name: string, at: Date, { by, used, ...spec }: Columns & { by: PastAuthor; used?: Used }): void {
    this.step(at, async (policy, moment) =>
      this.#made(name, await policy.createOverride(moment, spec, by), moment, used),
    );
  }

  /** Filed twenty minutes after a denial, unless `denied` is false. */
  request(
    name: string,
    at: Date,
    {
      by,
      denied = true,
      account,
      api,
      bot = 'bot-1',
      ...spec
    }: Columns & {
      by?: PastAuthor;
      denied?: boolean;
      account: string;
      api: string;
      bot?: string;
    },
  ): void {
    const author = by ?? { actor: `account:${account}`, role: 'customer', address: '203.0.113.9' };
    const denial = {
      eventId: this.#eventId(),
      at: new Date(at.getTime() - 1_200_000),
      subject: subjectOf(account, api, bot),
    };
    if (denied) this.denials.push(denial);
    this.step(at, async (policy, moment) => {
      const asked = { account, api, ...spec, ...(denied && deniedCall(denial)) };
      this.#ids.set(name, await policy.askLimit(moment, asked, author));
    });
  }

  approve(
    name: string,
    at: Date,
    { by, answer, used, ...changes }: Columns & { by: PastAuthor; answer: string; used?: Used },
  ): void {
    this.step(at, async (policy, moment) => {
      const id = await policy.decideRequest(moment, this.idOf(name), { changes, answer }, by);
      this.#made(name, id as string, moment, used);
    });
  }

  decline(name: string, at: Date, { by, answer }: { by: PastAuthor; answer: string }): void {
    this.step(at, (policy, moment) => policy.decideRequest(moment, this.idOf(name), { changes: null, answer }, by));
  }

  idOf(name: string): string {
    return this.#ids.get(name) as string;
  }

  async tell(): Promise<void> {
    for (const { at, run } of this.#steps.toSorted((a, b) => a.at.getTime() - b.at.getTime())) await run(at);
  }

  #made(name: string, id: string, at: Date, used: Used | undefined): void {
    this.#ids.set(name, id);
    if (used !== undefined) this.uses.push({ id, firstAt: new Date(at.getTime() + 90_000), ...used });
  }
}

/** The data from the support link of the denied call. */
function deniedCall({ eventId, at, subject: { account, entry, dimensions } }: WantedDenial): Columns {
  const id = `${eventId}.1`;
  const { perMinute, perHour } = entry.limits;
  const call = { id, account, api: entry.id, group: entry.group, dimensions, window: 'minute', perMinute, perHour };
  return { denial_id: id, denial: { ...call, at: at.toISOString() } };
}
