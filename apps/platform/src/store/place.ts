/** Where a document lies: in a bot of an account, or in the account itself (`bot: ''`). */
export interface Place {
  readonly account: string;
  readonly bot: string;
}
