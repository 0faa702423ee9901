/** The users of an account, identified by email address. */
import { Injectable, NotFoundException } from '@nestjs/common';
import { type Page, WHOLE } from '../http/schemas.js';
import { type Body, type Document, Documents } from '../store/documents.js';
import type { Place } from '../store/place.js';

export interface NewUser {
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
}

@Injectable()
export class Users {
  constructor(private readonly documents: Documents) {}

  async create(account: Place, users: readonly NewUser[]) {
    const documents = users.map(({ email, ...names }) => ({
      id: email,
      body: { ...names, access: 'enabled', botRoles: [], adminRoles: [] },
    }));
    return { created: await this.documents.put(account, 'user', documents) };
  }

  async list(account: Place, page: Page) {
    return (await this.documents.list(account, 'user', page)).map(userOf);
  }

  async emails(account: Place): Promise<string[]> {
    return (await this.documents.list(account, 'user', WHOLE)).map(({ id }) => id);
  }

  /** @throws NotFoundException */
  async change(account: Place, email: string, body: Body) {
    const changed = await this.documents.patch(account, 'user', { id: email, body });
    if (!changed) throw new NotFoundException(`The account has no user "${email}".`);
    return userOf(changed);
  }

  async remove(account: Place, emails: readonly string[]) {
    return { removed: await this.documents.remove(account, 'user', emails) };
  }
}

function userOf({ id, body }: Document) {
  return { email: id, ...body };
}
