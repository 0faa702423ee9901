/** The place of a document: a bot of an account, or the account itself (`bot: ''`). */
export interface Place {
  readonly account: string;
  readonly bot: string;
}
