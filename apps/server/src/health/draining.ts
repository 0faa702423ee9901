/** Whether this instance is on its way out: told to stop, it serves for a while longer, so that no call meets a closed door. */
import { Injectable } from '@nestjs/common';
import type { HttpResponse } from '../access/http-request.js';

@Injectable()
export class Draining {
  #begun = false;

  /** From now on `/readyz` is 503, and each answer asks its caller to connect elsewhere for the next request. */
  begin(): void {
    this.#begun = true;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Express middleware. */
  readonly middleware = (_request: unknown, response: HttpResponse, next: () => void): void => {
    // A connection that is kept alive would be closed sooner or later, perhaps while its next request is on the way.
    if (this.#begun) response.setHeader('Connection', 'close');
    next();
  };
}
