import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { unknownAccount } from './refusals.js';
import { ACCOUNT, resolversOf, subjectText } from './subject-values.js';

/** Finds the account of a call, and its plan, with the module's resolvers. */
@Injectable()
export class CallerAccount {
  readonly #resolver;
  readonly #plan;

  constructor(@Inject(ROLLGATE_OPTIONS) options: RollgateOptions) {
    this.#resolver = resolversOf(options.subjects).get(ACCOUNT);
    this.#plan = options.plan;
  }

  /** @throws UnauthorizedException if there is no account, InvalidRequestError if it is not text or a number */
  async of(context: ExecutionContext): Promise<string> {
    const account = subjectText(ACCOUNT, await this.#resolver?.(context));
    if (account === undefined) throw unknownAccount();
    return account;
  }

  /** The plan that the call brings; `undefined` if it brings none. @throws InvalidRequestError */
  async planOf(context: ExecutionContext): Promise<string | undefined> {
    return subjectText('plan', await this.#plan?.(context));
  }
}
