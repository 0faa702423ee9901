/** Splits SQL text into statements. */

export interface Split {
  /** Without the `;`, and without parts that are only blanks or comments. */
  readonly statements: readonly string[];
  /** The rest that has no `;` yet; empty when it is only blanks or comments. */
  readonly rest: string;
}

// Strings, quoted names, $-quoted strings and comments may contain a `;`. An unclosed one extends to the end.
const TOKEN =
  /(?<text>(?<![\w$])[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$))|(?<comment>--[^\n]*)|(?<block>\/\*)|(?<dollar>(?<![\w$])\$(?:[A-Za-z_]\w*)?\$)|(?<end>;)/g;

export function splitStatements(sql: string): Split {
  const statements: string[] = [];
  let from = 0;
  let open = false;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(sql); found !== null; found = TOKEN.exec(sql)) {
    const { block, dollar, end, text } = found.groups ?? {};
    if (block !== undefined) TOKEN.lastIndex = endOfBlock(sql, found.index);
    else if (dollar !== undefined) {
      const close = sql.indexOf(dollar, TOKEN.lastIndex);
      TOKEN.lastIndex = close === -1 ? sql.length : close + dollar.length;
      open ||= close === -1;
    } else if (end !== undefined) {
      const statement = sql.slice(from, found.index);
      if (isSomething(statement)) statements.push(statement.trim());
      from = TOKEN.lastIndex;
    } else if (text !== undefined && !isClosed(text)) open = true;
  }
  const rest = sql.slice(from);
  return { statements, rest: open || isSomething(rest) ? rest : '' };
}

/** Block comments nest. Returns the end of the one that starts at `from`. */
function endOfBlock(sql: string, from: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 0;
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return sql.length;
}

function isClosed(text: string): boolean {
  const quote = text.startsWith('"') ? '"' : "'";
  return text.length > 1 + Number(/^e/i.test(text)) && text.endsWith(quote);
}

function isSomething(sql: string): boolean {
  return (
    sql
      .replace(/--[^\n]*/g, '')
      .replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '')
      .trim() !== ''
  );
}
