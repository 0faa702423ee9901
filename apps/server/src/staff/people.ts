/**
 * The people who may sign in.
 *
 * Invariants: a change, its row in the history and the end of the sessions it ends are one transaction; at least one admin
 * always stays enabled; people are never deleted, because the history names them.
 */
import { ConflictException, Injectable, NotFoundException, UnprocessableEntityException } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { hashPassword, type PasswordOwner, passwordComplaint, randomPassword } from '../authentication/passwords.js';
import { type Author, record } from '../authentication/record.js';
import { Sessions } from '../authentication/sessions.js';
import { Staff, signsInBy } from '../authentication/staff.entity.js';
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

/** `password`: the random one, to be shown once; `null`: the password was given. */
export interface WithPassword {
  readonly person: Staff;
  readonly password: string | null;
}

const UNIQUE_VIOLATION = '23505';

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
  async get(id: string): Promise<Staff> {
    return (await this.database.getRepository(Staff).findOneBy({ id })) ?? nobody(id);
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
          throw new ConflictException(problem(409, 'The last enabled admin stays: make another one first.'));
        await manager.save(person);
        await record(manager, { kind: 'staff', action, target: id, before, after: factsOf(person), reason }, author);
      }
      if (person.disabledAt !== null) await this.sessions.endAll(id, { manager });
      return person;
    });
  }

  /**
   * Ends the person's sessions except `exceptSession`.
   * @throws NotFoundException, ConflictException, UnprocessableEntityException
   */
  async setPassword(
    id: string,
    { password, exceptSession }: { password?: string | undefined; exceptSession?: string | undefined },
    author: Author,
  ): Promise<WithPassword> {
    const { made, passwordHash } = await passwordFor(await this.get(id), password);
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

/** @throws ConflictException for a login that is in use */
export async function insertPerson(
  manager: EntityManager,
  person: Pick<Staff, 'login' | 'displayName' | 'role' | 'passwordHash' | 'oidcIssuer' | 'oidcSubject'>,
): Promise<Staff> {
  try {
    const { identifiers } = await manager.insert(Staff, person);
    return await manager.findOneByOrFail(Staff, { id: String(identifiers[0]?.['id']) });
  } catch (error) {
    if ((error as { driverError?: { code?: string } }).driverError?.code !== UNIQUE_VIOLATION) throw error;
    throw new ConflictException(problem(409, `There is a "${person.login}" already.`));
  }
}

/** @throws ConflictException */
export function assertHasPassword({ login, oidcIssuer }: Staff): void {
  if (oidcIssuer !== null)
    throw new ConflictException(problem(409, `${login} signs in through the identity provider.`));
}

/** A person's state as the history records it. */
export function factsOf({ login, displayName, role, oidcIssuer, disabledAt }: Staff): object {
  return { login, displayName, role, signsInBy: signsInBy(oidcIssuer), disabled: disabledAt !== null };
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

async function passwordFor(
  owner: PasswordOwner,
  given: string | undefined,
): Promise<{ made: string | null; passwordHash: string }> {
  const made = given === undefined ? randomPassword() : null;
  const password = given ?? (made as string);
  const complaint = passwordComplaint(password, owner);
  if (complaint !== undefined) throw new UnprocessableEntityException(problem(422, `${capital(complaint)}.`));
  return { made, passwordHash: await hashPassword(password) };
}

/** Locks the rows in one order before any change: if two admins demote each other at once, the second one fails. */
async function lockEnabledAdmins(manager: EntityManager): Promise<string[]> {
  const rows = await manager.query<{ id: string }[]>(
    `SELECT id FROM rollgate.staff WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE`,
  );
  return rows.map(({ id }) => id);
}

async function lockPerson(manager: EntityManager, id: string): Promise<Staff> {
  return (await manager.findOne(Staff, { where: { id }, lock: { mode: 'pessimistic_write' } })) ?? nobody(id);
}

function isEnabledAdmin({ role, disabledAt }: Staff): boolean {
  return role === 'admin' && disabledAt === null;
}

function nobody(id: string): never {
  throw new NotFoundException(problem(404, `There is no person "${id}".`));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
