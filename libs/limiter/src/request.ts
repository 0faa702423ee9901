/** Values of the dimensions, as resolved from the verified request. `undefined`: could not be resolved. */
export type Dimensions = Readonly<Record<string, string | undefined>>;

/** Which subject is meant. */
export interface SubjectRef {
  /** The verified tenant. */
  readonly account: string;
  /** Catalogue id. */
  readonly api: string;
  /**
   * Values of the level's dimensions. `account` need not be repeated. A name that is no dimension of the level is refused:
   * a misspelled one would leave the real dimension unresolved, and the call would count in the shared subject.
   */
  readonly dimensions?: Dimensions;
  /** Counts by this level instead of the catalogue's. */
  readonly level?: readonly string[];
}

export interface AcquireRequest extends SubjectRef {
  /** Units asked for, 1 by default. */
  readonly cost?: number;
  /** For the record of a denial: which route was called, e.g. `POST /bots/:botId/publish`. 256 characters at most are kept. */
  readonly route?: string | undefined;
  /** For the record of a denial: which request it was. 128 characters at most are kept. */
  readonly requestId?: string | undefined;
}

/** The request can't be decided: it is malformed. Never counts, never reaches the database. */
export class InvalidRequestError extends Error {
  override readonly name = 'InvalidRequestError';
  constructor(
    /** Which part is wrong, e.g. `account` or `dimensions.bot`. */
    readonly field: string,
    reason: string,
    /** Names like the unknown one, best first, where `field` names something unknown. */
    readonly nearest: readonly string[] = [],
  ) {
    super(`${field}: ${reason}`);
  }
}
