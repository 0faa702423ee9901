/**
 * The APIs that applications have registered, as the service's limiter read them from the database. The service's own
 * sign-in limits are not among them.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { ApiEntry, Limits } from '@rollgate/contract';
import { entryOfScope, type Limiter } from '@rollgate/limiter';
import { LIMITER } from './limiter-token.js';
import { STAFF_GROUP } from './staff-limits.js';

@Injectable()
export class KnownApis {
  constructor(@Inject(LIMITER) private readonly limiter: Limiter) {}

  /** Finds an API, also one that was registered a moment ago. @throws LimiterUnavailableError */
  async find(api: string): Promise<ApiEntry | undefined> {
    return registered(await this.limiter.findApi(api));
  }

  /** The display name of an API, or of the group if `scope` is `@` and a group; otherwise the name itself. */
  titleOf(scope: string): string {
    const entry = this.#entryOf(scope);
    if (entry === undefined) return scope;
    return scope.startsWith('@') ? entry.groupTitle : entry.title;
  }

  /** The default limits in force of an API, or of a group that is counted together (`@` and the group). */
  defaultLimitsOf(scope: string): Limits | undefined {
    const entry = this.#entryOf(scope);
    return entry && this.limiter.defaultLimitsOf(entry.id);
  }

  /** Up to three names of APIs in use that are similar to this one. */
  nearest(api: string): string[] {
    return this.limiter.catalogue.nearest(api).filter((name) => registered(this.limiter.catalogue.find(name)));
  }

  #entryOf(scope: string): ApiEntry | undefined {
    return registered(entryOfScope(this.limiter.catalogue, scope));
  }
}

function registered(entry: ApiEntry | undefined): ApiEntry | undefined {
  return entry?.group === STAFF_GROUP ? undefined : entry;
}
