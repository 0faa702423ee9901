/**
 * A browser with the service's own screens: it keeps cookies and sends the headers that such a browser sends with a change.
 */
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { Sessions } from '../src/authentication/sessions.js';
import type { Role } from '../src/http/permissions.js';
import { People } from '../src/staff/people.js';
import type { Answer, TestService } from './start-service.js';

export const AUTHOR = ['cli:test', 'admin', null, null] as const;
export const PASSWORD = 'correct horse battery';

export class Browser {
  readonly cookies = new Map<string, string>();

  constructor(readonly service: TestService) {}

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.service.call(path, {
      method,
      redirect: 'manual',
      headers: {
        'sec-fetch-site': 'same-origin',
        'x-rollgate-request': '1',
        ...(this.cookies.size === 0 ? {} : { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  get = (path: string, headers?: Record<string, string>) => this.call('GET', path, undefined, headers);
  post = (path: string, body: unknown = {}, headers?: Record<string, string>) => this.call('POST', path, body, headers);
  patch = (path: string, body: unknown, headers?: Record<string, string>) => this.call('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.call('DELETE', path, undefined, headers);

  signIn(login: string, password = PASSWORD): Promise<Answer> {
    return this.post('/admin/api/session', { login, password });
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** Adds a person who signs in with `PASSWORD`. */
export async function addPerson(
  service: TestService,
  { role = 'support', login = `${role}-${randomUUID().slice(0, 8)}@example.com` }: { role?: Role; login?: string } = {},
): Promise<{ id: string; login: string }> {
  const people = service.server.app.get(People, { strict: false });
  const { person } = await people.add({ login, role, password: PASSWORD }, AUTHOR);
  return { id: person.id, login };
}

/** A browser in which a new person with that role is signed in. Uses no sign-in attempt. */
export async function browserOf(service: TestService, role: Role): Promise<Browser & { id: string; login: string }> {
  const { id, login } = await addPerson(service, { role });
  return Object.assign(await browserAs(service, id), { id, login });
}

export async function browserAs(service: TestService, staffId: string): Promise<Browser> {
  const { app } = service.server;
  const session = { staffId, address: '127.0.0.1', userAgent: 'test', replaces: undefined };
  const browser = new Browser(service);
  const { manager } = app.get(DataSource, { strict: false });
  browser.cookies.set('rollgate-session', await app.get(Sessions, { strict: false }).start(manager, session));
  return browser;
}
