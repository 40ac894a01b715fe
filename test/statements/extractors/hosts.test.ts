/** Foreign servers of other databases name their host in options of other names. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { extractFeatures } from '../../../src/statements/features.ts';
import { loadParser } from '../../../src/statements/parser/parser.ts';

before(loadParser);

test('the host of a foreign server is found in the option of its wrapper', () => {
  for (const [option, host] of [
    ["host 'db.evil.example'", 'db.evil.example'],
    ["servername 'sql.evil.example'", 'sql.evil.example'],
    ['"ServerName" \'203.0.113.9\\prod\'', '203.0.113.9'],
    ["dbserver '//ora.evil.example:1521/ORCL'", 'ora.evil.example'],
    ["dbserver 'ora.evil.example/ORCL'", 'ora.evil.example'],
    ["dbserver '//203.0.113.9'", '203.0.113.9'],
    [
      "dbserver '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=ora.evil.example)(PORT=1521)))'",
      'ora.evil.example',
    ],
  ] as const)
    for (const statement of ['CREATE SERVER s FOREIGN DATA WRAPPER w', 'ALTER SERVER s'])
      assert.deepEqual(extractFeatures(`${statement} OPTIONS (${option})`).hosts, [host], option);
});

test('an alias of Oracle is no host, nor is an option of another name', () => {
  for (const option of ["dbserver 'ORCL'", "dbname 'shop'", "server 'x'"])
    assert.deepEqual(extractFeatures(`CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (${option})`).hosts, []);
});
