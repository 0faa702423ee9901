// Finds the prose of a file: comments, messages, labels and test names. Code is not prose, so identifiers are left out.
import ts from 'typescript';

/**
 * @typedef {object} Prose One comment, message or document.
 * @property {string} text with its line breaks, but without the marks of comments
 * @property {number} line on which it starts
 */

/**
 * @param {string} path decides how the file is read
 * @param {string} text
 * @returns {Prose[]} in the order of their lines
 */
export function proseOf(path, text) {
  if (/\.(ts|tsx|mts|mjs)$/.test(path)) return proseOfScript(path, text);
  if (path.endsWith('.sql')) return proseOfSql(text);
  if (path.endsWith('.md')) return [{ text: withoutCode(text), line: 1 }];
  if (path.endsWith('.json')) return messagesOfJson(text);
  return [];
}

/** Keeps line breaks, so that line numbers stay right. */
function withoutCode(markdown) {
  return markdown
    .replace(/^ *```[\s\S]*?^ *```/gm, (code) => code.replace(/[^\n]/g, ''))
    .replace(/`[^`\n]*`/g, '`code`')
    .replace(/\]\([^()\s]*\)/g, ']');
}

function messagesOfJson(text) {
  return text
    .split('\n')
    .map((line, index) => ({ text: /: "(.* .*)"/.exec(line)?.[1] ?? '', line: index + 1 }))
    .filter((prose) => prose.text !== '');
}

function proseOfSql(text) {
  const found = [];
  let line = 1;
  let end = 0;
  for (const { 0: token, index } of text.matchAll(/(?:--[^\n]*\n?[ \t]*)+|'(?:[^']|'')*'/g)) {
    line += text.slice(end, index).split('\n').length - 1;
    end = index;
    if (token.startsWith('--')) found.push({ text: token.replace(/^[ \t]*--+ ?/gm, ''), line });
    else if (isMessage(token)) found.push({ text: token.slice(1, -1), line });
  }
  return found;
}

function proseOfScript(path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const comments = new Map();
  const found = [];
  const visit = (node) => {
    for (const range of commentsAt(text, node)) comments.set(range.pos, range);
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) || ts.isJsxText(node);
    if (isText && isMessage(node.text)) found.push(messageOf(node, lineAt));
    node.getChildren(source).forEach(visit);
  };
  visit(source);
  return [...found, ...joinedComments(text, [...comments.values()], lineAt)].sort((a, b) => a.line - b.line);
}

/** A text of one word is a name or a code, not a message. */
function isMessage(text) {
  return /\S\s+\S/.test(text);
}

function messageOf(node, lineAt) {
  // The text of an element begins with its white space. A line break in a string literal is an escape, not a line of the file.
  const line = lineAt(ts.isJsxText(node) ? node.getFullStart() : node.getStart());
  return { text: ts.isStringLiteral(node) ? node.text.replaceAll('\n', ' ') : node.text, line };
}

function commentsAt(text, node) {
  // The text of a JSX element may look like a comment.
  if (node.kind === ts.SyntaxKind.JsxText) return [];
  return [
    ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
    ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
  ];
}

/** Line comments that follow one another are one text, because a phrase may continue on the next line. */
function joinedComments(text, ranges, lineAt) {
  const joined = [];
  let previous;
  for (const range of ranges.sort((a, b) => a.pos - b.pos)) {
    const line = lineAt(range.pos);
    const isLine = range.kind === ts.SyntaxKind.SingleLineCommentTrivia;
    const content = withoutMarks(text.slice(range.pos, range.end));
    if (isLine && previous?.isLine && previous.lastLine === line - 1) {
      previous.prose.text += `\n${content}`;
      previous.lastLine = line;
    } else {
      previous = { isLine, lastLine: line, prose: { text: content, line } };
      joined.push(previous.prose);
    }
  }
  return joined;
}

function withoutMarks(comment) {
  return comment
    .replace(/^\/\*+ ?|\s*\*\/$/g, '')
    .replace(/^\s*\/\/ ?/gm, '')
    .replace(/^[ \t]*\* ?/gm, '');
}
