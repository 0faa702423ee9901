/**
 * Registers the program's APIs when it starts, and again when the database may have returned to an older state.
 *
 * Invariants: the whole list replaces the application's earlier list once, at the start. Later, when instances of several
 * releases may be running, only APIs that the database does not know are added.
 */
import { hostname } from 'node:os';
import type { Catalogue } from '@rollgate/contract';
import type pg from 'pg';
import type { Reports } from '../reports.js';
import { CatalogueConflictError, registerCatalogue } from '../store/register-catalogue.js';

export interface CatalogueRegistrarOptions {
  readonly pool: pg.Pool;
  readonly application: string;
  readonly catalogue: Catalogue;
  readonly reports: Reports;
}

export class CatalogueRegistrar {
  readonly #options: CatalogueRegistrarOptions;
  /** The `life` of the server in which the APIs were registered; `''`: not known yet. */
  #registeredIn: string | undefined;

  constructor(options: CatalogueRegistrarOptions) {
    this.#options = options;
  }

  /**
   * Registers the APIs if they are not registered in this `life` of the server yet. @throws CatalogueConflictError, or
   * the driver's error
   */
  async register(life: string | undefined): Promise<void> {
    const registeredIn = life ?? '';
    if (this.#registeredIn === registeredIn) return;
    const { pool, application, catalogue, reports } = this.#options;
    const missingOnly = this.#registeredIn !== undefined;
    const by = { actor: `instance:${hostname()}`, role: 'program' };
    try {
      const changes = await registerCatalogue(pool, { application, catalogue, by, missingOnly });
      this.#registeredIn = registeredIn;
      reports.over('catalogue', 'the APIs of this application are registered');
      this.#reportRetired(changes.flatMap(({ api, action }) => (action === 'retire' ? [api] : [])));
    } catch (error) {
      if (error instanceof CatalogueConflictError) {
        reports.trouble('catalogue', { kind: 'conflict', message: error.message });
      }
      throw error;
    }
  }

  /** Notes the `life` of the server in which the first registration took place. */
  noteLife(life: string): void {
    if (this.#registeredIn === '') this.#registeredIn = life;
  }

  #reportRetired(apis: readonly string[]): void {
    if (apis.length === 0) return;
    const { application, reports } = this.#options;
    reports.notice('catalogue', {
      level: 'warn',
      message: `"${application}" no longer registers ${apis.join(', ')}: retired. If another program has the same application name, give each its own`,
    });
  }
}
