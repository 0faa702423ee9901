/**
 * Values of the dimensions, as resolved from the verified request. `undefined` means the value could not be resolved.
 */
export type Dimensions = Readonly<Record<string, string | undefined>>;

/** Identifies a subject: an account, an API, and values of the API's dimensions. */
export interface SubjectRef {
  /** The verified tenant. */
  readonly account: string;
  /** Catalogue id. */
  readonly api: string;
  /**
   * Values of the level's dimensions. `account` need not be repeated. A name that is not a dimension of the level is
   * rejected: a misspelled name would leave the real dimension unresolved, and the call would count in the shared
   * subject.
   */
  readonly dimensions?: Dimensions;
  /** The dimensions to count by, instead of the catalogue's level. */
  readonly level?: readonly string[] | undefined;
  /**
   * The account's plan, from its verified identity. It applies if no plan is assigned to the account, and if there is
   * such a plan. Never take it from an unverified header or body.
   */
  readonly plan?: string | undefined;
}

/** The request is malformed and can't be decided. It is not counted and does not reach the database. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  constructor(
    /** The invalid part, e.g. `account` or `dimensions.bot`. */
    readonly field: string,
    reason: string,
    /** Names similar to the unknown one, best match first. Empty unless `field` names something unknown. */
    readonly nearest: readonly string[] = [],
  ) {
    super(`${field}: ${reason}`);
  }
}
