import { expect, test } from '@jest/globals';
import { splitStatements } from './statements.js';

test.each<[string, string[], string]>([
  ['SELECT 1; SELECT 2;', ['SELECT 1', 'SELECT 2'], ''],
  ['SELECT 1; SELECT 2', ['SELECT 1'], ' SELECT 2'],
  [`SELECT 'a;b', "c;d", 'it''s;';`, [`SELECT 'a;b', "c;d", 'it''s;'`], ''],
  [`SELECT E'a\\';b';`, [`SELECT E'a\\';b'`], ''],
  ['SELECT $$a;b$$, $x$;$$;$x$;', ['SELECT $$a;b$$, $x$;$$;$x$'], ''],
  ['-- a; b\nSELECT 1 -- c;\n;', ['-- a; b\nSELECT 1 -- c;'], ''],
  ['/* a; /* b; */ c; */ SELECT 1;', ['/* a; /* b; */ c; */ SELECT 1'], ''],
  [';; -- nothing\n ; /* ; */', [], ''],
  [`SELECT 'open;`, [], `SELECT 'open;`],
  ['SELECT $$open;', [], 'SELECT $$open;'],
  ['', [], ''],
])('%s is split into its statements', (sql, statements, rest) => {
  expect(splitStatements(sql)).toEqual({ statements, rest });
});
