/** Signing in with a password. Limited by Rollgate itself: a minute's pause, an hour's, never a lock-out. */
import { HttpException, Inject, Injectable, UnprocessableEntityException } from '@nestjs/common';
import type { Limiter } from '@rollgate/limiter';
import { DataSource } from 'typeorm';
import { countedAddress } from '../access/address.js';
import { problem } from '../http/problem.js';
import { LIMITER } from '../limiting/limiting.module.js';
import { SIGN_IN, SIGN_IN_ADDRESS, STAFF_ACCOUNT } from '../limiting/staff-limits.js';
import { isPasswordOf } from './passwords.js';
import { assertHasPassword, People } from './people.js';
import type { Author } from './record.js';
import { Sessions } from './sessions.js';

export interface Visitor {
  readonly address: string;
  readonly userAgent: string | undefined;
  /** The secret of the session that the browser has already. */
  readonly replaces: string | undefined;
}

/** 429, with what `Retry-After` is to say. */
export class TooManySignIns extends HttpException {
  constructor(readonly retryAfterSeconds: number) {
    const told = problem(429, 'Too many attempts to sign in. Please try again after some time.');
    super({ ...told, retryAfterSeconds }, 429);
  }
}

@Injectable()
export class SignIn {
  constructor(
    private readonly database: DataSource,
    private readonly people: People,
    private readonly sessions: Sessions,
    @Inject(LIMITER) private readonly limiter: Limiter,
  ) {}

  /**
   * Resolves to the secret of a new session; undefined: login or password is wrong, or the person is disabled.
   * @throws TooManySignIns
   */
  async withPassword(
    { login, password }: { login: string; password: string },
    visitor: Visitor,
  ): Promise<{ secret: string; staffId: string } | undefined> {
    await this.spend(visitor.address, login);
    const person = await this.people.findByLogin(login);
    // Before anything else is looked at: an unknown login takes as long as a wrong password.
    const matches = await isPasswordOf(person?.passwordHash, password);
    if (person === null || !matches) return undefined;
    return this.database.transaction(async (manager) => {
      // Again under the row's lock: disabled or given another password meanwhile, it is nobody's.
      const found = await manager.query<unknown[][]>(
        `UPDATE rollgate.staff SET last_sign_in_at = clock_timestamp()
         WHERE id = $1 AND disabled_at IS NULL AND password_hash = $2 RETURNING id`,
        [person.id, person.passwordHash],
      );
      if (found[0]?.length !== 1) return undefined;
      return { secret: await this.sessions.start(manager, { staffId: person.id, ...visitor }), staffId: person.id };
    });
  }

  /**
   * Another password in place of the one that is known; the person's other sessions end.
   * @throws TooManySignIns, ConflictException, UnprocessableEntityException
   */
  async changePassword(
    person: { staffId: string; sessionId: string | undefined; address: string },
    { current, password }: { current: string; password: string },
    author: Author,
  ): Promise<void> {
    const found = await this.people.get(person.staffId);
    assertHasPassword(found);
    // Who finds a desk unlocked must not find the password out.
    await this.spend(person.address, found.login);
    if (!(await isPasswordOf(found.passwordHash, current)))
      throw new UnprocessableEntityException(problem(422, 'The current password is wrong.'));
    await this.people.setPassword(found.id, { password, exceptSession: person.sessionId }, author);
  }

  /** One unit of the address, and of the login from there. @throws TooManySignIns */
  async spend(address: string, login?: string): Promise<void> {
    const from = countedAddress(address);
    const decisions = await Promise.all([
      this.limiter.acquire({ account: STAFF_ACCOUNT, api: SIGN_IN_ADDRESS, dimensions: { address: from } }),
      ...(login === undefined
        ? []
        : [this.limiter.acquire({ account: STAFF_ACCOUNT, api: SIGN_IN, dimensions: { login, address: from } })]),
    ]);
    const denied = decisions.filter(({ allowed }) => !allowed);
    if (denied.length === 0) return;
    const waitMs = Math.max(...denied.map(({ retryAfterMs }) => retryAfterMs ?? 0));
    throw new TooManySignIns(Math.max(1, Math.ceil(waitMs / 1000)));
  }
}
