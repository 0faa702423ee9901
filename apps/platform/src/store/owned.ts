/** What an account can own: the account itself, a bot or a table. */
export interface Owned {
  readonly kind: 'account' | 'bot' | 'table';
  readonly id: string;
}
