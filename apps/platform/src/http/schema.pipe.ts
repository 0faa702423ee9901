import { type ArgumentMetadata, BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { storageProblem } from './storable.js';

/** A client that sends nonsense reads the first few reasons, not thousands. */
const MAX_REASONS = 3;

/** Holds a body or a query to the schema its route names: `@Body({ schema })`. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, { schema, type }: ArgumentMetadata): Promise<unknown> {
    if (!schema) return value;
    const problem = storageProblem(value);
    if (problem) throw new BadRequestException(problem);
    // No body at all is what an empty one says.
    const result = await schema['~standard'].validate(type === 'body' ? (value ?? {}) : value);
    if (!result.issues) return result.value;
    const reasons = result.issues.slice(0, MAX_REASONS).map(({ path = [], message }) => {
      const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return where === '' ? message : `${where}: ${message}`;
    });
    throw new BadRequestException(reasons.join('; '));
  }
}
