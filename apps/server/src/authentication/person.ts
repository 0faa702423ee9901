/** The row of a person in `rollgate.staff`. */
import { ConflictException, NotFoundException } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { problem } from '../http/problem.js';
import { Staff, signsInBy } from './staff.entity.js';

const UNIQUE_VIOLATION = '23505';

/** @throws NotFoundException */
export async function findPerson(manager: EntityManager, id: string): Promise<Staff> {
  return (await manager.findOneBy(Staff, { id })) ?? throwUnknown(id);
}

/** Locks the row until the transaction ends. @throws NotFoundException */
export async function lockPerson(manager: EntityManager, id: string): Promise<Staff> {
  return (await manager.findOne(Staff, { where: { id }, lock: { mode: 'pessimistic_write' } })) ?? throwUnknown(id);
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

function throwUnknown(id: string): never {
  throw new NotFoundException(problem(404, `There is no person "${id}".`));
}
