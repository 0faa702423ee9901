/** Service tokens for machines. A token is shown once, when it is created; the database stores only its hash. */
import { ConflictException, Injectable, NotFoundException, UnprocessableEntityException } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Author, record } from '../authentication/record.js';
import { hashSecret } from '../authentication/secrets.js';
import { ServiceToken } from '../authentication/service-token.entity.js';
import { newTokenSecret, ValidTokens } from '../authentication/valid-tokens.js';
import type { Permission, Role } from '../http/permissions.js';
import { problem } from '../http/problem.js';

const UNIQUE_VIOLATION = '23505';

export interface NewToken {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly role: Role;
  /** `null`: does not expire. */
  readonly expiresAt: Date | null;
}

@Injectable()
export class ServiceTokens {
  constructor(
    private readonly database: DataSource,
    private readonly valid: ValidTokens,
  ) {}

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
      throw new UnprocessableEntityException(problem(422, 'The end date must be in the future.'));
    const secret = newTokenSecret();
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
      this.valid.forgetAll();
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
}

function factsOf({ name, permissions, role, expiresAt, revokedAt }: ServiceToken): object {
  return { name, permissions, role, expiresAt, revoked: revokedAt !== null };
}
