/** Reads the usage of subjects from the store, without spending units. */
import type { SubjectUsage } from '@rollgate/contract';
import type { Store } from '../store/store.js';
import { accountPrefix, laneOf, laneOfKey } from '../subject/subject-key.js';
import type { SubjectRef } from '../subject/subject-ref.js';
import type { ApiLookup } from './api-lookup.js';
import type { CallResolver, UsageAccount } from './call-resolver.js';
import type { StoreTimeLimit } from './store-time-limit.js';
import { subjectUsage } from './usage.js';

/** One page of an account's usage. `next` is the `after` value for the following page, or `null` on the last page. */
export interface UsagePage {
  readonly items: readonly SubjectUsage[];
  readonly next: string | null;
}

/** Selects the subjects of an account that are listed. */
export interface UsageQuery {
  /** Subject keys up to and including this one are left out. */
  readonly after: string;
  /** The most subjects to list. */
  readonly limit: number;
}

export interface UsageReaderOptions {
  readonly store: Store;
  readonly resolver: CallResolver;
  readonly lookup: ApiLookup | undefined;
  readonly timeLimit: StoreTimeLimit;
}

export class UsageReader {
  readonly #store: Store;
  readonly #resolver: CallResolver;
  readonly #lookup: ApiLookup | undefined;
  readonly #timeLimit: StoreTimeLimit;

  constructor({ store, resolver, lookup, timeLimit }: UsageReaderOptions) {
    this.#store = store;
    this.#resolver = resolver;
    this.#lookup = lookup;
    this.#timeLimit = timeLimit;
  }

  async read(ref: SubjectRef): Promise<SubjectUsage> {
    const subject = this.#resolver.resolve(ref);
    const { nowMs, counts } = await this.#timeLimit.run(() => this.#store.peek(laneOfKey(subject.key), [subject.key]));
    return subjectUsage(subject, { nowMs, seconds: counts[0]?.seconds ?? [] });
  }

  async list(whose: UsageAccount, query: UsageQuery): Promise<UsagePage> {
    const prefix = accountPrefix(whose.account);
    return await this.#timeLimit.run(() => this.#list(whose, { prefix, ...query }));
  }

  async #list(whose: UsageAccount, { prefix, after, limit }: UsageQuery & { prefix: string }): Promise<UsagePage> {
    const lane = laneOf(whose.account);
    const found = await this.#store.list(lane, { prefix, after, limit: limit + 1 });
    const keys = found.slice(0, limit);
    if (keys.some((key) => this.#resolver.resolveKey(key, whose) === undefined)) await this.#lookup?.readIfDue();
    const subjects = keys.flatMap((key) => this.#resolver.resolveKey(key, whose) ?? []);
    const { nowMs, counts } = await this.#store.peek(
      lane,
      subjects.map(({ key }) => key),
    );
    const secondsOf = new Map(counts.map(({ subject, seconds }) => [subject, seconds]));
    const items = subjects.map((subject) =>
      subjectUsage(subject, { nowMs, seconds: secondsOf.get(subject.key) ?? [] }),
    );
    return { items, next: found.length > limit ? (keys.at(-1) ?? null) : null };
  }
}
