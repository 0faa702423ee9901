/** Sign-in with a password. */
import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { problem } from '../http/problem.js';
import { AccessLog } from './access-log/access-log.js';
import { NOTE_SIGN_IN, type SignInNote, signInValues } from './access-log/notes.js';
import { PasswordChange } from './password-change.js';
import { isPasswordOf } from './passwords.js';
import { assertHasPassword, findPerson } from './person.js';
import type { Author } from './record.js';
import { Sessions } from './sessions.js';
import { type Attempt, SignInAttempts, TooManySignIns } from './sign-in-attempts.js';
import { Staff } from './staff.entity.js';
import type { Visitor } from './visitor.js';

@Injectable()
export class SignIn {
  constructor(
    private readonly database: DataSource,
    private readonly passwords: PasswordChange,
    private readonly sessions: Sessions,
    private readonly attempts: SignInAttempts,
    private readonly accessLog: AccessLog,
  ) {}

  /**
   * Resolves to the secret of a new session; undefined: the login or password is wrong, or the person is disabled.
   * @throws TooManySignIns
   */
  async withPassword(
    { login, password }: { login: string; password: string },
    visitor: Visitor,
  ): Promise<{ secret: string; staffId: string } | undefined> {
    const attempt = await this.#attempt(login, visitor);
    const person = await this.database.getRepository(Staff).findOneBy({ login });
    // Verify before checking anything else, so that an unknown login takes as long as a wrong password.
    const matches = await isPasswordOf(person?.passwordHash, password);
    if (person === null || !matches)
      return await this.#refuse(person === null ? 'unknown' : 'wrong_password', { login, person, visitor });
    const signedIn = await this.database.transaction((manager) => this.#enter(manager, person, visitor));
    if (typeof signedIn === 'string') return await this.#refuse(signedIn, { login, person, visitor });
    await attempt.succeeded();
    return signedIn;
  }

  /**
   * Replaces the current password, which the caller must know; the person's other sessions end.
   * @throws TooManySignIns, ConflictException, UnprocessableEntityException
   */
  async changePassword(
    person: { staffId: string; sessionId: string | undefined } & Omit<Visitor, 'replaces'>,
    { current, password }: { current: string; password: string },
    author: Author,
  ): Promise<void> {
    const found = await findPerson(this.database.manager, person.staffId);
    assertHasPassword(found);
    // Count these attempts too, so that someone at an unlocked computer cannot guess the password.
    const attempt = await this.#attempt(found.login, person);
    if (!(await isPasswordOf(found.passwordHash, current))) {
      await this.#refuse('wrong_password', { login: found.login, person: found, visitor: person });
      throw new UnprocessableEntityException(problem(422, 'The current password is wrong.'));
    }
    await attempt.succeeded();
    await this.passwords.set(found.id, { password, exceptSession: person.sessionId }, author);
  }

  /** Checks again under the row's lock: the person may have been disabled, or the password changed, in the meantime. */
  async #enter(
    manager: EntityManager,
    { id, login, passwordHash }: Staff,
    visitor: Visitor,
  ): Promise<{ secret: string; staffId: string } | 'disabled' | 'wrong_password'> {
    const [rows] = await manager.query<[{ id: string }[], number]>(
      `UPDATE rollgate.staff SET last_sign_in_at = clock_timestamp()
       WHERE id = $1 AND disabled_at IS NULL AND password_hash = $2 RETURNING id`,
      [id, passwordHash],
    );
    if (rows.length !== 1) {
      const { disabledAt } = await findPerson(manager, id);
      return disabledAt === null ? 'wrong_password' : 'disabled';
    }
    const secret = await this.sessions.start(manager, { staffId: id, ...visitor });
    await manager.query(NOTE_SIGN_IN, signInValues(noteOf('signed_in', { login, staffId: id, visitor })));
    return { secret, staffId: id };
  }

  async #refuse(
    outcome: 'unknown' | 'wrong_password' | 'disabled',
    { login, person, visitor }: { login: string; person: Staff | null; visitor: Omit<Visitor, 'replaces'> },
  ): Promise<undefined> {
    await this.accessLog.signInFailed(noteOf(outcome, { login, staffId: person?.id ?? null, visitor }));
    return undefined;
  }

  /** @throws TooManySignIns */
  async #attempt(login: string, visitor: Omit<Visitor, 'replaces'>): Promise<Attempt> {
    try {
      return await this.attempts.withPassword({ login, address: visitor.address });
    } catch (error) {
      // Counted by address only: one flood may try many logins.
      if (error instanceof TooManySignIns)
        this.accessLog.count(noteOf('too_many_attempts', { login: null, staffId: null, visitor }));
      throw error;
    }
  }
}

function noteOf(
  outcome: SignInNote['outcome'],
  { login, staffId, visitor }: { login: string | null; staffId: string | null; visitor: Omit<Visitor, 'replaces'> },
): SignInNote {
  const { address, userAgent = null, requestId } = visitor;
  return { outcome, method: 'password', login, staffId, address, userAgent, requestId };
}
