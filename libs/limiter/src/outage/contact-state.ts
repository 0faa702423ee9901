/** Whether the limiter has reached its database since it was created, and if not, why the last attempt failed. */
export class ContactState {
  reached = false;
  failure: Error | undefined;
}
