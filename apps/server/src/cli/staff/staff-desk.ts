/** The service's own code, on the database of DATABASE_URL, for commands about staff and tokens. */

import { PasswordChange } from '../../authentication/password-change.js';
import type { Author } from '../../authentication/record.js';
import { ServiceToken } from '../../authentication/service-token.entity.js';
import { Sessions } from '../../authentication/sessions.js';
import { Staff } from '../../authentication/staff.entity.js';
import { ValidTokens } from '../../authentication/valid-tokens.js';
import { People } from '../../staff/people.js';
import { ServiceTokens } from '../../staff/service-tokens.js';
import { atDatabase, userName } from '../at-database.js';
import type { Cli } from '../cli.js';

export interface StaffDesk {
  readonly people: People;
  readonly passwords: PasswordChange;
  readonly tokens: ServiceTokens;
  /** Anyone with the database's password may do anything. The history records which operating-system user it was. */
  readonly author: Author;
}

/** @throws Error with one line that says what is wrong */
export async function atStaffDesk<Result>(cli: Cli, work: (desk: StaffDesk) => Promise<Result>): Promise<Result> {
  return await atDatabase(cli, [Staff, ServiceToken], (database) => {
    const author: Author = [`cli:${userName()}`, 'admin', null, null];
    const sessions = new Sessions(database);
    return work({
      people: new People(database, sessions),
      passwords: new PasswordChange(database, sessions),
      tokens: new ServiceTokens(database, new ValidTokens(database)),
      author,
    });
  });
}
