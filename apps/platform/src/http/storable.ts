/** Finds JSON values that jsonb can't store, before any database work. */

/** Deepest nesting accepted. Postgres has a limit, too. */
const MAX_DEPTH = 32;

/** The problem of a parsed JSON value, or `undefined`. Does not recurse, so deep nesting can't overflow the call stack. */
export function storageProblem(value: unknown): string | undefined {
  const stack: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const problem = typeof item.value === 'string' ? textProblem(item.value) : undefined;
    if (problem) return problem;
    if (typeof item.value !== 'object' || item.value === null) continue;
    if (item.depth === MAX_DEPTH) return `The body is nested deeper than ${MAX_DEPTH} levels.`;
    for (const [key, member] of Object.entries(item.value)) {
      const keyProblem = textProblem(key);
      if (keyProblem) return keyProblem;
      stack.push({ value: member, depth: item.depth + 1 });
    }
  }
  return undefined;
}

function textProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'A text must not contain NUL.';
  if (!text.isWellFormed()) return 'A text must be well-formed Unicode.';
  return undefined;
}
