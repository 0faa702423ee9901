/**
 * Signs a person in with the identity that the provider confirmed.
 *
 * Invariants: a person is identified by issuer and subject, never by an e-mail address, which may be reassigned to another
 * person; each sign-in sets the role from the groups; a person without a mapped group cannot sign in, and existing sessions
 * end.
 */
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { highestRole, type Role } from '../../http/permissions.js';
import { NOTE_SIGN_IN, type SignInNote, signInValues } from '../access-log/notes.js';
import { factsOf, insertPerson } from '../person.js';
import { type Author, record } from '../record.js';
import { hashSecret } from '../secrets.js';
import { loginText } from '../session.schemas.js';
import { Sessions } from '../sessions.js';
import { Staff } from '../staff.entity.js';
import type { Visitor } from '../visitor.js';
import type { Identity } from './identity-provider.js';

const MOST_NAME = 128;
const REASON = 'as the identity provider says';

@Injectable()
export class OidcSignIn {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: Sessions,
  ) {}

  /**
   * Resolves to the secret of a new session; undefined: no group of the person is mapped, or the person is disabled here.
   */
  async enter(
    identity: Identity,
    { roles, visitor }: { roles: ReadonlyMap<string, Role>; visitor: Visitor },
  ): Promise<{ secret: string; staffId: string } | undefined> {
    const role = highestRole(identity.groups.flatMap((group) => roles.get(group) ?? []));
    const author: Author = [`oidc:${identity.issuer}`, null, visitor.address, visitor.requestId];
    return this.database.transaction(async (manager) => {
      const known = await manager.findOne(Staff, {
        where: { oidcIssuer: identity.issuer, oidcSubject: identity.subject },
        lock: { mode: 'pessimistic_write' },
      });
      const refuse = async (outcome: 'oidc_refused' | 'disabled') =>
        await note(manager, outcome, { person: known, identity, visitor });
      if (role === undefined) {
        if (known !== null) await this.sessions.endAll(known.id, { manager });
        return await refuse('oidc_refused');
      }
      if (known !== null && known.disabledAt !== null) return await refuse('disabled');
      const person = known ?? (await addPerson(manager, { identity, role, author }));
      await follow(manager, { person, identity, role, author });
      await manager.query('UPDATE rollgate.staff SET last_sign_in_at = clock_timestamp() WHERE id = $1', [person.id]);
      const secret = await this.sessions.start(manager, { staffId: person.id, ...visitor });
      await note(manager, 'signed_in', { person, identity, visitor });
      return { secret, staffId: person.id };
    });
  }
}

/** Records the sign-in in its transaction. */
async function note(
  manager: EntityManager,
  outcome: SignInNote['outcome'],
  { person, identity, visitor }: { person: Staff | null; identity: Identity; visitor: Visitor },
): Promise<undefined> {
  const { address, userAgent = null, requestId } = visitor;
  const login =
    person?.login ?? loginText.safeParse(identity.email).data ?? identity.subject.replaceAll('\0', '').toWellFormed();
  const staffId = person?.id ?? null;
  await manager.query(
    NOTE_SIGN_IN,
    signInValues({ outcome, method: 'oidc', login, staffId, address, userAgent, requestId }),
  );
  return undefined;
}

interface Told {
  readonly identity: Identity;
  readonly role: Role;
  readonly author: Author;
}

async function addPerson(manager: EntityManager, { identity, role, author }: Told): Promise<Staff> {
  const login = await loginFor(manager, identity);
  const person = await insertPerson(manager, {
    login,
    displayName: nameOf(identity) ?? login,
    role,
    passwordHash: null,
    oidcIssuer: identity.issuer,
    oidcSubject: identity.subject,
  });
  const added = { kind: 'staff', action: 'add', target: person.id, before: null, after: factsOf(person) } as const;
  await record(manager, { ...added, reason: REASON }, author);
  return person;
}

/** The e-mail address, unless another person already uses it as a login; then a login that is unique to this person. */
async function loginFor(manager: EntityManager, { issuer, subject, email }: Identity): Promise<string> {
  const { data: login } = loginText.safeParse(email);
  if (login !== undefined && !(await manager.existsBy(Staff, { login }))) return login;
  return `oidc-${hashSecret(`${issuer} ${subject}`).slice(0, 12)}`;
}

async function follow(
  manager: EntityManager,
  { person, identity, role, author }: Told & { person: Staff },
): Promise<void> {
  const displayName = nameOf(identity) ?? person.displayName;
  const steps = [
    ...(person.role === role ? [] : [{ action: 'role', change: { role } }]),
    ...(person.displayName === displayName ? [] : [{ action: 'rename', change: { displayName } }]),
  ];
  for (const { action, change } of steps) {
    const before = factsOf(person);
    Object.assign(person, change);
    await manager.save(person);
    const changed = { kind: 'staff', action, target: person.id, before, after: factsOf(person) } as const;
    await record(manager, { ...changed, reason: REASON }, author);
  }
}

function nameOf({ name }: Identity): string | undefined {
  return name?.replaceAll('\0', '').slice(0, MOST_NAME).toWellFormed();
}
