/**
 * How often a person may try to sign in, counted by Rollgate itself. Too many attempts cause a wait, never a lock-out.
 *
 * Invariants: only failed attempts stay counted; an attempt refused here costs nothing, so repeated attempts at one login
 * do not use up the limit of the address; sign-in through the identity provider is counted separately.
 */
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { type Decision, waitText } from '@rollgate/contract';
import type { Limiter } from '@rollgate/limiter';
import { problem } from '../http/problem.js';
import { LIMITER } from '../limiting/limiter-token.js';
import {
  SIGN_IN,
  SIGN_IN_ADDRESS,
  SIGN_IN_ANYWHERE,
  SIGN_IN_PROVIDER,
  STAFF_ACCOUNT,
} from '../limiting/staff-limits.js';
import { countedAddress } from './address.js';

/** 429, with the value of `Retry-After`. */
export class TooManySignIns extends HttpException {
  constructor(readonly retryAfterSeconds: number) {
    const wait = waitText(retryAfterSeconds * 1000);
    super({ ...problem(429, `Too many attempts to sign in. Try again in ${wait}.`), retryAfterSeconds }, 429);
  }
}

/** A counted attempt, which is refunded if it succeeds. */
export interface Attempt {
  /** The password was correct: refunds the attempt. */
  succeeded(): Promise<void>;
}

interface Count {
  readonly api: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

@Injectable()
export class SignInAttempts {
  constructor(@Inject(LIMITER) private readonly limiter: Limiter) {}

  /** @throws TooManySignIns */
  withPassword({ login, address }: { login: string; address: string }): Promise<Attempt> {
    const from = countedAddress(address);
    return this.#take([
      { api: SIGN_IN, dimensions: { login, address: from } },
      { api: SIGN_IN_ANYWHERE, dimensions: { login } },
      { api: SIGN_IN_ADDRESS, dimensions: { address: from } },
    ]);
  }

  /** @throws TooManySignIns */
  async atProvider(address: string): Promise<void> {
    await this.#take([{ api: SIGN_IN_PROVIDER, dimensions: { address: countedAddress(address) } }]);
  }

  /** Runs in order: each limit protects those after it. */
  async #take(counts: readonly Count[]): Promise<Attempt> {
    const taken: Decision[] = [];
    for (const count of counts) {
      const decision = await this.limiter.acquire({ account: STAFF_ACCOUNT, ...count });
      if (!decision.allowed) {
        await this.#giveBack(taken);
        throw new TooManySignIns(Math.max(1, Math.ceil((decision.retryAfterMs ?? 0) / 1000)));
      }
      taken.push(decision);
    }
    return { succeeded: () => this.#giveBack(taken) };
  }

  /** If the database fails here, the attempts stay counted, and the sign-in fails with the database's error. */
  async #giveBack(taken: readonly Decision[]): Promise<void> {
    await Promise.allSettled(taken.map((decision) => this.limiter.refund(decision)));
  }
}
