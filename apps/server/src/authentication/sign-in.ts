/** Sign-in with a password. */
import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { problem } from '../http/problem.js';
import { PasswordChange } from './password-change.js';
import { isPasswordOf } from './passwords.js';
import { assertHasPassword, findPerson } from './person.js';
import type { Author } from './record.js';
import { Sessions } from './sessions.js';
import { SignInAttempts } from './sign-in-attempts.js';
import { Staff } from './staff.entity.js';

export interface Visitor {
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The secret of the browser's current session. */
  readonly replaces: string | undefined;
}

@Injectable()
export class SignIn {
  constructor(
    private readonly database: DataSource,
    private readonly passwords: PasswordChange,
    private readonly sessions: Sessions,
    private readonly attempts: SignInAttempts,
  ) {}

  /**
   * Resolves to the secret of a new session; undefined: the login or password is wrong, or the person is disabled.
   * @throws TooManySignIns
   */
  async withPassword(
    { login, password }: { login: string; password: string },
    visitor: Visitor,
  ): Promise<{ secret: string; staffId: string } | undefined> {
    const attempt = await this.attempts.withPassword({ login, address: visitor.address });
    const person = await this.database.getRepository(Staff).findOneBy({ login });
    // Verify before checking anything else, so that an unknown login takes as long as a wrong password.
    const matches = await isPasswordOf(person?.passwordHash, password);
    if (person === null || !matches) return undefined;
    const signedIn = await this.database.transaction(async (manager) => {
      // Check again under the row's lock: the person may have been disabled, or the password changed, in the meantime.
      const found = await manager.query<unknown[][]>(
        `UPDATE rollgate.staff SET last_sign_in_at = clock_timestamp()
         WHERE id = $1 AND disabled_at IS NULL AND password_hash = $2 RETURNING id`,
        [person.id, person.passwordHash],
      );
      if (found[0]?.length !== 1) return undefined;
      return { secret: await this.sessions.start(manager, { staffId: person.id, ...visitor }), staffId: person.id };
    });
    if (signedIn !== undefined) await attempt.succeeded();
    return signedIn;
  }

  /**
   * Replaces the current password, which the caller must know; the person's other sessions end.
   * @throws TooManySignIns, ConflictException, UnprocessableEntityException
   */
  async changePassword(
    person: { staffId: string; sessionId: string | undefined; address: string },
    { current, password }: { current: string; password: string },
    author: Author,
  ): Promise<void> {
    const found = await findPerson(this.database.manager, person.staffId);
    assertHasPassword(found);
    // Count these attempts too, so that someone at an unlocked computer cannot guess the password.
    const attempt = await this.attempts.withPassword({ login: found.login, address: person.address });
    if (!(await isPasswordOf(found.passwordHash, current)))
      throw new UnprocessableEntityException(problem(422, 'The current password is wrong.'));
    await attempt.succeeded();
    await this.passwords.set(found.id, { password, exceptSession: person.sessionId }, author);
  }
}
