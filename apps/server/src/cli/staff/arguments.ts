/** Arguments of commands about staff and tokens, checked by the schemas of the API. */
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';

/** Parses an argument. If it is invalid, Commander prints the message and exits with code 2. */
export function checkedBy<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const read = schema.safeParse(text);
    if (read.success) return read.data;
    throw new InvalidArgumentError(`It ${read.error.issues[0]?.message}.`);
  };
}

/** The first line of stdin, without its line break. */
export async function readLine(input: NodeJS.ReadStream = process.stdin): Promise<string> {
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n')) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
