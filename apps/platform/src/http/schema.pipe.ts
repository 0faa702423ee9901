import { type ArgumentMetadata, BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { storageProblem } from './storable.js';

/** Most reasons in a response, even if thousands of values are wrong. */
const MAX_REASONS = 3;

/** Validates a body or a query against the schema of its route: `@Body({ schema })`. */
@Injectable()
export class SchemaPipe implements PipeTransform {
  async transform(value: unknown, { schema, type }: ArgumentMetadata): Promise<unknown> {
    if (!schema) return value;
    const problem = storageProblem(value);
    if (problem) throw new BadRequestException(problem);
    // A missing body counts as an empty one.
    const result = await schema['~standard'].validate(type === 'body' ? (value ?? {}) : value);
    if (!result.issues) return result.value;
    const reasons = result.issues.slice(0, MAX_REASONS).map(({ path = [], message }) => {
      const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return where === '' ? message : `${where}: ${message}`;
    });
    throw new BadRequestException(reasons.join('; '));
  }
}
