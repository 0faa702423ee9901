/** Checks a client's input before any other code sees it. The error names unknown fields and malformed values. */
import { HttpException, type PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { problem } from './problem.js';

/** `@Body(validated(schema))`, `@Query(validated(schema))`: 400 with the list of what is wrong. */
export function validated<Schema extends z.ZodType>(schema: Schema): PipeTransform<unknown, z.output<Schema>> {
  return {
    transform(value: unknown): z.output<Schema> {
      const read = schema.safeParse(value ?? {});
      if (read.success) return read.data;
      const errors = read.error.issues.map(({ path, message }) => ({ field: path.join('.'), message }));
      const told = errors.map(({ field, message }) => (field === '' ? message : `${field}: ${message}`)).join('; ');
      throw new HttpException({ ...problem(400, told), errors }, 400);
    },
  };
}
