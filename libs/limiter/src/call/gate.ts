/** Lets calls pass only while the limiter is open and has reached its database. */
import type { Contact } from '../outage/contact.js';

/** The limiter was used after `close()` was called. */
export class LimiterClosedError extends Error {
  override readonly name = 'LimiterClosedError';
}

export class Gate {
  readonly #contact: Contact | undefined;
  /** Whether the store was found to be reached, and the limiter is open: what most calls look at. */
  #isReady = false;
  #isClosed = false;

  /** Without a contact, the store is assumed to be reachable. */
  constructor(contact: Contact | undefined) {
    this.#contact = contact;
  }

  /** Whether calls can be decided now: the limiter is open, and has reached the store. */
  get isReady(): boolean {
    return this.#isReady || this.#look();
  }

  /** @throws LimiterClosedError */
  assertOpen(): void {
    if (this.#isClosed) throw new LimiterClosedError('the limiter is closed');
  }

  /** Resolves when calls can be decided. @throws LimiterClosedError, LimiterUnavailableError */
  async untilReady(): Promise<void> {
    this.assertOpen();
    await this.#contact?.forCall();
    this.assertOpen();
  }

  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
  }

  #look(): boolean {
    this.#isReady = !this.#isClosed && (this.#contact === undefined || this.#contact.reached);
    return this.#isReady;
  }
}
