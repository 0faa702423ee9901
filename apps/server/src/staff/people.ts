/**
 * The people who may sign in.
 *
 * Invariants: a change, its row in the history and the end of the sessions it ends are one transaction; at least one admin
 * always stays enabled; people are never deleted, because the history names them.
 */
import { ConflictException, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { passwordFor, type WithPassword } from '../authentication/password-change.js';
import { factsOf, findPerson, insertPerson, lockPerson } from '../authentication/person.js';
import { type Author, record } from '../authentication/record.js';
import { Sessions } from '../authentication/sessions.js';
import { Staff } from '../authentication/staff.entity.js';
import type { Role } from '../http/permissions.js';
import { problem } from '../http/problem.js';

export interface NewPerson {
  readonly login: string;
  readonly displayName?: string | undefined;
  readonly role: Role;
  /** By default a random password is generated. */
  readonly password?: string | undefined;
}

export interface PersonChanges {
  readonly role?: Role | undefined;
  readonly disabled?: boolean | undefined;
  readonly displayName?: string | undefined;
}

@Injectable()
export class People {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: Sessions,
  ) {}

  list(): Promise<Staff[]> {
    return this.database.getRepository(Staff).find({ order: { login: 'ASC' } });
  }

  findByLogin(login: string): Promise<Staff | null> {
    return this.database.getRepository(Staff).findOneBy({ login });
  }

  /** @throws NotFoundException */
  get(id: string): Promise<Staff> {
    return findPerson(this.database.manager, id);
  }

  /** @throws UnprocessableEntityException for the password, ConflictException for a login that is in use */
  async add({ login, displayName, role, password }: NewPerson, author: Author): Promise<WithPassword> {
    const owner = { login, displayName: displayName ?? login };
    const { made, passwordHash } = await passwordFor(owner, password);
    return this.database.transaction(async (manager) => {
      const person = await insertPerson(manager, {
        ...owner,
        role,
        passwordHash,
        oidcIssuer: null,
        oidcSubject: null,
      });
      const { id: target } = person;
      await record(manager, { kind: 'staff', action: 'add', target, before: null, after: factsOf(person) }, author);
      return { person, password: made };
    });
  }

  /** @throws NotFoundException, ConflictException */
  async change(id: string, changes: PersonChanges, author: Author, reason?: string): Promise<Staff> {
    return this.database.transaction(async (manager) => {
      const admins = await lockEnabledAdmins(manager);
      const person = await lockPerson(manager, id);
      for (const [action, change] of stepsOf(person, changes)) {
        const before = factsOf(person);
        Object.assign(person, change);
        if (admins.length === 1 && admins[0] === id && !isEnabledAdmin(person))
          throw new ConflictException(problem(409, 'At least one enabled admin is required. Add another one first.'));
        await manager.save(person);
        await record(manager, { kind: 'staff', action, target: id, before, after: factsOf(person), reason }, author);
      }
      if (person.disabledAt !== null) await this.sessions.endAll(id, { manager });
      return person;
    });
  }
}

type Step = readonly [action: string, change: Partial<Staff>];

/** The differences, one row in the history each. */
function stepsOf(person: Staff, { role, disabled, displayName }: PersonChanges): Step[] {
  const steps: Step[] = [];
  if (role !== undefined && role !== person.role) {
    if (person.oidcIssuer !== null)
      throw new ConflictException(
        problem(409, `The role of ${person.login} follows its groups at the identity provider.`),
      );
    steps.push(['role', { role }]);
  }
  if (disabled !== undefined && disabled !== (person.disabledAt !== null))
    steps.push([disabled ? 'disable' : 'enable', { disabledAt: disabled ? new Date() : null }]);
  if (displayName !== undefined && displayName !== person.displayName) steps.push(['rename', { displayName }]);
  return steps;
}

/** Locks the rows in one order before any change: if two admins demote each other at once, the second one fails. */
async function lockEnabledAdmins(manager: EntityManager): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    `SELECT id FROM rollgate.staff WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE`,
  );
  return rows.map(({ id }) => id);
}

function isEnabledAdmin({ role, disabledAt }: Staff): boolean {
  return role === 'admin' && disabledAt === null;
}
