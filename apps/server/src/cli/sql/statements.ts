/** Where one statement ends and the next begins. */

export interface Split {
  /** Without the `;`, and without what is only blank or a comment. */
  readonly statements: readonly string[];
  /** What has no `;` yet; empty when it is only blank or a comment. */
  readonly rest: string;
}

// Text, names, $-quoted text and comments may hold a `;` of their own. One that is not closed reaches to the end.
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

/** Block comments nest. Returns where the one that begins at `from` ends. */
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
