/** Registers an application's catalogue in the database: the SQL function `rollgate.register_catalogue`. */
import type { Catalogue } from '@rollgate/contract';

/** An API that two applications define differently. A definition is its level, limits, group and scope, as text. */
export interface CatalogueConflict {
  readonly api: string;
  readonly application: string;
  readonly definition: string;
  /** The other applications that register this API. */
  readonly owners: readonly string[];
  /** Their definition. */
  readonly registered: string;
}

/**
 * Another application registers the same API with another definition, so nothing of the catalogue was registered. The
 * message has one line for each such API, with both owners and both definitions.
 */
export class CatalogueConflictError extends Error {
  override readonly name = 'CatalogueConflictError';
  constructor(
    message: string,
    readonly conflicts: readonly CatalogueConflict[],
  ) {
    super(message);
  }
}

/** What a registration changed. `ship`: a changed definition; `return`: a retired API is in use again. */
export interface CatalogueChange {
  readonly api: string;
  readonly action: 'add' | 'ship' | 'retire' | 'return';
  /** The API before, as in the history; `null` if it was added. */
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>>;
}

export interface CatalogueRegistration {
  readonly application: string;
  readonly catalogue: Catalogue;
  /** Who registers it, for the history. */
  readonly by: { readonly actor: string; readonly role: string };
  /** Adds only APIs that the database does not know, and changes nothing else. Default: `false`. */
  readonly missingOnly?: boolean;
}

/** The part of a pool or a client that is used. */
interface CatalogueDatabase {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>;
}

const REGISTER = `SELECT * FROM rollgate.register_catalogue($1, $2, ROW($3, $4, NULL, NULL)::rollgate.author, $5)`;
const CONFLICT = 'RGCAT';

/**
 * Replaces the list of APIs that the application registers. Resolves to the changes.
 *
 * @throws CatalogueConflictError, or the driver's error
 */
export async function registerCatalogue(
  database: CatalogueDatabase,
  { application, catalogue, by, missingOnly = false }: CatalogueRegistration,
): Promise<CatalogueChange[]> {
  const values = [application, JSON.stringify(definitionsOf(catalogue)), by.actor, by.role, missingOnly];
  try {
    const { rows } = await database.query(REGISTER, values);
    return rows as CatalogueChange[];
  } catch (error) {
    throw conflictOf(error) ?? error;
  }
}

/** The columns of `rollgate.catalogue` that an application registers. */
function definitionsOf(catalogue: Catalogue): object[] {
  return catalogue.entries().map(({ id, title, group, groupTitle, level, scope, limits, message }) => ({
    api: id,
    title,
    group_id: group,
    group_title: groupTitle,
    level,
    scope,
    shipped_per_minute: limits.perMinute,
    shipped_per_hour: limits.perHour,
    message,
  }));
}

function conflictOf(error: unknown): CatalogueConflictError | undefined {
  const { code, message, detail } = error as { code?: unknown; message?: unknown; detail?: unknown };
  if (code !== CONFLICT) return undefined;
  return new CatalogueConflictError(String(message), JSON.parse(String(detail)) as CatalogueConflict[]);
}
