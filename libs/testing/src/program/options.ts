/** The command lines of the programs that are run by hand: the benchmark and the fault experiments. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** An invalid command line. The message is shown to the user unchanged. */
export class UsageError extends Error {}

type OptionTypes = NonNullable<ParseArgsConfig['options']>;
type Values<Types extends OptionTypes> = ReturnType<typeof parseArgs<{ args: string[]; options: Types }>>['values'];

/**
 * Parses a command line that consists of options only. `command` is what the user types, e.g. `npm run bench`.
 * @throws UsageError when it is invalid
 */
export function parseOptions<const Types extends OptionTypes>({
  command,
  args,
  options,
}: {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: Types;
}): Values<Types> {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ', 1)[0]}; see ${command} -- --help`);
  }
}

/** The value of an option that must be a number above 0, or at least 0 with `zero`. @throws UsageError when it is not */
export function numberOption(
  name: string,
  text: string | undefined,
  { most, whole, zero = false }: { readonly most: number; readonly whole: boolean; readonly zero?: boolean },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (
    text.trim() !== '' &&
    (value > 0 || (zero && value === 0)) &&
    value <= most &&
    (!whole || Number.isInteger(value))
  )
    return value;
  const least = zero ? 'of at least 0' : 'above 0';
  throw new UsageError(`--${name} must be a ${whole ? 'whole ' : ''}number ${least}, at most ${most}, not "${text}"`);
}

/**
 * The known names that an option such as `--only a,b --only c` lists, in the order of `known`; all of them if the option is missing.
 * @throws UsageError with the message of `complaint` for a name that is unknown
 */
export function chosenNames<Name extends string>(
  lists: readonly string[] | undefined,
  known: readonly Name[],
  complaint: (unknown: string) => string,
): readonly Name[] {
  if (lists === undefined) return known;
  const chosen = new Set(lists.flatMap((list) => list.split(',')).map((name) => name.trim()));
  const unknown = [...chosen].find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) throw new UsageError(complaint(unknown));
  return known.filter((name) => chosen.has(name));
}

/** The command line as it was typed, for a report. */
export function typedCommand(command: string, args: readonly string[]): string {
  return [command, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
}
