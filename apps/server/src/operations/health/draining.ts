/** Whether this instance is shutting down. After a stop signal it serves for a while longer, so that no call is refused. */
import { Injectable } from '@nestjs/common';
import type { HttpResponse } from '../../http/http-request.js';

@Injectable()
export class Draining {
  #begun = false;

  /**
   * From now on `/readyz` returns 503, and each response closes its connection so the next request uses another instance.
   */
  begin(): void {
    this.#begun = true;
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Express middleware. */
  readonly middleware = (_request: unknown, response: HttpResponse, next: () => void): void => {
    // A kept-alive connection would otherwise be closed later, perhaps while its next request is in transit.
    if (this.#begun) response.setHeader('Connection', 'close');
    next();
  };
}
