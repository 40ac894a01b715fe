import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parameterNames, tokensOf } from '../../src/query/sql-tokens.ts';
import { sqlText } from './sql-text.ts';

test('tokens lie one behind the other without a gap, and only the last may be open', () => {
  fc.assert(
    fc.property(sqlText, (sql) => {
      let at = 0;
      const tokens = tokensOf(sql);
      for (const [index, token] of tokens.entries()) {
        assert.equal(token.start, at);
        assert.ok(token.end > token.start);
        assert.ok(!token.open || index === tokens.length - 1);
        at = token.end;
      }
      assert.equal(at, sql.length);
    }),
    { numRuns: 5_000 },
  );
});

test('parameters are those of the query, not of its texts, names and comments', () => {
  const sql = 'SELECT $user, $2 /* $a */ -- $b\n, \'$c\', "$d", $e$ $f $e$, g$h, $User, $é';
  assert.deepEqual([...parameterNames(sql)], ['user', '2', 'é']);
});
