/** Service tokens for machines. A token is shown once, when it is created; the database stores only its hash. */
import { ConflictException, Injectable, NotFoundException, UnprocessableEntityException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type FoundToken, KnownTokens } from '../authentication/known-tokens.js';
import { type Author, record } from '../authentication/record.js';
import { hashSecret, newSecret } from '../authentication/secrets.js';
import { ServiceToken } from '../authentication/service-token.entity.js';
import { PERMISSIONS, type Permission, type Role } from '../http/permissions.js';
import { problem } from '../http/problem.js';

/** The prefix by which leak scanners recognize a token. */
const PREFIX = 'rgt_';
const TOKEN = /^rgt_[A-Za-z0-9_-]{43}$/;
const UNIQUE_VIOLATION = '23505';

export interface NewToken {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly role: Role;
  /** `null`: does not expire. */
  readonly expiresAt: Date | null;
}

/** What the guard needs to know about a valid token. */
export interface WorkingToken {
  readonly name: string;
  readonly role: Role;
  readonly permissions: readonly Permission[];
}

@Injectable()
export class ServiceTokens {
  readonly #known = new KnownTokens<WorkingToken>();

  constructor(private readonly database: DataSource) {}

  /** Newest first, including expired and revoked ones. */
  list(): Promise<ServiceToken[]> {
    return this.database.getRepository(ServiceToken).find({ order: { createdAt: 'DESC', id: 'DESC' } });
  }

  /** @throws ConflictException for a name that is in use, UnprocessableEntityException for an expiry in the past */
  async create(
    { name, permissions, role, expiresAt }: NewToken,
    author: Author,
  ): Promise<{ token: ServiceToken; secret: string }> {
    if (expiresAt !== null && expiresAt.getTime() <= Date.now())
      throw new UnprocessableEntityException(problem(422, 'It would end in the past.'));
    const secret = `${PREFIX}${newSecret()}`;
    const row = {
      name,
      permissions: [...new Set(permissions)],
      role,
      expiresAt,
      hash: hashSecret(secret),
      createdBy: author[0],
    };
    return this.database.transaction(async (manager) => {
      const { identifiers } = await manager.insert(ServiceToken, row).catch((error: unknown) => {
        if ((error as { driverError?: { code?: string } }).driverError?.code !== UNIQUE_VIOLATION) throw error;
        throw new ConflictException(problem(409, `There is a token "${name}" already: revoke it first.`));
      });
      const token = await manager.findOneByOrFail(ServiceToken, { id: String(identifiers[0]?.['id']) });
      const { id: target } = token;
      await record(manager, { kind: 'token', action: 'create', target, before: null, after: factsOf(token) }, author);
      return { token, secret };
    });
  }

  /** Revoking a token again changes nothing. @throws NotFoundException */
  async revoke(id: string, author: Author): Promise<ServiceToken> {
    try {
      return await this.#revoke(id, author);
    } finally {
      this.#known.forgetAll();
    }
  }

  #revoke(id: string, author: Author): Promise<ServiceToken> {
    return this.database.transaction(async (manager) => {
      const token = await manager.findOne(ServiceToken, { where: { id }, lock: { mode: 'pessimistic_write' } });
      if (token === null) throw new NotFoundException(problem(404, `There is no token "${id}".`));
      if (token.revokedAt !== null) return token;
      const before = factsOf(token);
      token.revokedAt = new Date();
      await manager.save(token);
      await record(manager, { kind: 'token', action: 'revoke', target: id, before, after: factsOf(token) }, author);
      return token;
    });
  }

  /**
   * undefined: the token does not exist or is no longer valid. A valid token is remembered: see `KnownTokens`.
   * @throws the driver's error
   */
  async find(secret: string): Promise<WorkingToken | undefined> {
    if (!TOKEN.test(secret)) return undefined;
    const hash = hashSecret(secret);
    return await this.#known.find(hash, () => this.#look(hash));
  }

  async #look(hash: string): Promise<FoundToken<WorkingToken> | undefined> {
    const [row] = await this.database.query<TokenRow[]>(
      `SELECT id, name, role, permissions, coalesce(last_used_at < now.at - interval '1 minute', true) AS stale,
              extract(epoch FROM expires_at - now.at)::float8 * 1000 AS "endsInMs"
       FROM rollgate.service_token, (SELECT clock_timestamp()) now (at)
       WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now.at)`,
      [hash],
    );
    if (row === undefined) return undefined;
    if (row.stale)
      await this.database.query('UPDATE rollgate.service_token SET last_used_at = clock_timestamp() WHERE id = $1', [
        row.id,
      ]);
    const { name, role, permissions, endsInMs } = row;
    // Ignore a permission that only a newer Rollgate knows.
    const token = { name, role, permissions: permissions.filter((permission) => permission in PERMISSIONS) };
    return { token, endsInMs };
  }
}

interface TokenRow extends WorkingToken {
  readonly id: string;
  readonly stale: boolean;
  readonly endsInMs: number | null;
}

function factsOf({ name, permissions, role, expiresAt, revokedAt }: ServiceToken): object {
  return { name, permissions, role, expiresAt, revoked: revokedAt !== null };
}
