/** The accounts that were opened last in this browser, newest first. */
import { store, stored } from './stored.js';

const MOST = 8;

export const recentAccounts = (): string[] => stored<string[]>('recent', []);

export function rememberAccount(account: string): void {
  store('recent', [account, ...recentAccounts().filter((other) => other !== account)].slice(0, MOST));
}
