// Lengths that Biome can't check: it knows no difference between a test and a group of tests, and does not read SQL.
import ts from 'typescript';

const MOST_LINES = 50;
const MOST_COLUMNS = 140;

/**
 * The functions of a test file that are too long, each as a message that starts with `path:line`. A callback of `describe` only
 * groups tests, so it may have any length.
 *
 * @param {string} path relative to the project
 * @param {string} text
 * @returns {string[]}
 */
export function checkTestFunctions(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineOf = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const messages = [];
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body && ts.isBlock(node.body) && !isGroup(node)) {
      // The lines between the braces, as Biome counts them.
      const lines = lineOf(node.body.getEnd()) - lineOf(node.body.getStart(source)) - 1;
      if (lines > MOST_LINES)
        messages.push(`${path}:${lineOf(node.getStart(source))}: a function of ${lines} lines; at most ${MOST_LINES}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return messages;
}

function isGroup({ parent }) {
  return ts.isCallExpression(parent) && /^describe\b/.test(parent.expression.getText());
}

/**
 * The lines of an SQL file that are too wide, each as a message that starts with `path:line`.
 *
 * @param {string} path relative to the project
 * @param {string} text
 * @returns {string[]}
 */
export function checkSqlLines(path, text) {
  return text
    .split('\n')
    .flatMap((line, index) =>
      line.length > MOST_COLUMNS
        ? [`${path}:${index + 1}: a line of ${line.length} columns; at most ${MOST_COLUMNS}`]
        : [],
    );
}
