/** Lets calls pass only while the limiter is open and has reached its database. */
import type { Contact } from '../outage/contact.js';

/** The limiter was used after `close()` was called. */
export class LimiterClosedError extends Error {
  override readonly name = 'LimiterClosedError';
}

export class Gate {
  readonly #contact: Contact | undefined;
  #reached = false;
  #closed = false;

  /** Without a contact, the store is assumed to be reachable. */
  constructor(contact: Contact | undefined) {
    this.#contact = contact;
  }

  /** Whether calls need not wait for the first contact. */
  get isReached(): boolean {
    // A contact is never lost again, so that most calls read one field.
    if (!this.#reached) this.#reached = this.#contact === undefined || this.#contact.reached;
    return this.#reached;
  }

  /** @throws LimiterClosedError */
  assertOpen(): void {
    if (this.#closed) throw new LimiterClosedError('the limiter is closed');
  }

  /** Resolves when the store has been reached. @throws LimiterUnavailableError */
  async untilReached(): Promise<void> {
    await this.#contact?.forCall();
  }

  /** Resolves when the limiter is open and has reached the store. @throws LimiterClosedError, LimiterUnavailableError */
  async untilReady(): Promise<void> {
    this.assertOpen();
    await this.untilReached();
    this.assertOpen();
  }

  close(): void {
    this.#closed = true;
  }
}
