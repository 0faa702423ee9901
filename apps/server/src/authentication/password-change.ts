/** Sets passwords: a person's own one, or one that an admin gives or generates. */
import { Injectable, UnprocessableEntityException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { problem } from '../http/problem.js';
import { hashPassword, type PasswordOwner, passwordComplaint, randomPassword } from './passwords.js';
import { assertHasPassword, factsOf, findPerson, lockPerson } from './person.js';
import { type Author, record } from './record.js';
import { Sessions } from './sessions.js';
import type { Staff } from './staff.entity.js';

/** `password`: the random one, to be shown once; `null`: the password was given. */
export interface WithPassword {
  readonly person: Staff;
  readonly password: string | null;
}

@Injectable()
export class PasswordChange {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: Sessions,
  ) {}

  /**
   * Ends the person's sessions except `exceptSession`.
   * @throws NotFoundException, ConflictException, UnprocessableEntityException
   */
  async set(
    id: string,
    { password, exceptSession }: { password?: string | undefined; exceptSession?: string | undefined },
    author: Author,
  ): Promise<WithPassword> {
    const { made, passwordHash } = await passwordFor(await findPerson(this.database.manager, id), password);
    return this.database.transaction(async (manager) => {
      const person = await lockPerson(manager, id);
      assertHasPassword(person);
      person.passwordHash = passwordHash;
      await manager.save(person);
      await this.sessions.endAll(id, { manager, except: exceptSession });
      const facts = factsOf(person);
      await record(manager, { kind: 'staff', action: 'password', target: id, before: facts, after: facts }, author);
      return { person, password: made };
    });
  }
}

/** The hash of the given password, or of a random one. @throws UnprocessableEntityException if the given one is refused */
export async function passwordFor(
  owner: PasswordOwner,
  given: string | undefined,
): Promise<{ made: string | null; passwordHash: string }> {
  const made = given === undefined ? randomPassword() : null;
  const password = given ?? (made as string);
  const complaint = passwordComplaint(password, owner);
  if (complaint !== undefined) throw new UnprocessableEntityException(problem(422, `${capital(complaint)}.`));
  return { made, passwordHash: await hashPassword(password) };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
