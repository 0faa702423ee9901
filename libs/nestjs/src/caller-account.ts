import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ROLLGATE_OPTIONS } from './module-definition.js';
import type { RollgateOptions } from './options.js';
import { unknownAccount } from './refusals.js';
import { ACCOUNT, resolversOf, subjectText } from './subject-values.js';

/** Finds the account of a call with the module's resolver. */
@Injectable()
export class CallerAccount {
  readonly #resolver;

  constructor(@Inject(ROLLGATE_OPTIONS) options: RollgateOptions) {
    this.#resolver = resolversOf(options.subjects).get(ACCOUNT);
  }

  /** @throws UnauthorizedException if there is no account, InvalidRequestError if it is not text or a number */
  async of(context: ExecutionContext): Promise<string> {
    const account = subjectText(ACCOUNT, await this.#resolver?.(context));
    if (account === undefined) throw unknownAccount();
    return account;
  }
}
