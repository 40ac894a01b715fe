/** INSERT, UPDATE, DELETE, MERGE. */
import type { Rules } from '../rules.ts';

export const CHANGES: Rules = {
  change: ['<insert>', '<update>', '<delete>', '<merge>'],
  insert: [
    '{{// <with>}} INSERT INTO <table> {{// AS <word>}} <insert_source> {{// <conflict>}} {{// <returning>}}',
    'INSERT INTO <table> (<insert_column+>) {{// OVERRIDING USER VALUE // OVERRIDING SYSTEM VALUE}} {{<values> // <query>}} {{// <conflict>}} {{// <returning>}}',
    'INSERT INTO <table> (<column>, <column>) VALUES (<literal>, <literal>), (<literal>, <literal>), (<expr>, DEFAULT)',
    'INSERT INTO <table> VALUES (<literal>, <literal>)',
  ],
  insert_column: ['<column>', '<column>', '<column>[<number>]', '<column>.<word>'],
  insert_source: ['<values>', '<query>', 'DEFAULT VALUES', '(<query>)'],
  conflict: [
    'ON CONFLICT DO NOTHING',
    'ON CONFLICT (<index_element+>) {{// WHERE <condition>}} DO NOTHING',
    'ON CONFLICT (<column>) DO UPDATE SET <assignment+> {{// WHERE <condition>}}',
    'ON CONFLICT ON CONSTRAINT <name> DO UPDATE SET <column> = EXCLUDED.<column>',
  ],
  index_element: [
    '<column> {{// COLLATE "C"}} {{// text_ops // text_pattern_ops}} {{// ASC // DESC}} {{// NULLS FIRST // NULLS LAST}}',
    'lower(<column>)',
    '(<expr>)',
  ],
  assignment: [
    '<column> = <expr>',
    '<column> = DEFAULT',
    '(<column>, <column>) = (<expr>, <literal>)',
    '(<column>, <column>) = ROW(<expr>, DEFAULT)',
    '(<column>, <column>) = (<query>)',
    '<column>[<number>] = <expr>',
    '<column>.<word> = <expr>',
  ],
  returning: [
    'RETURNING *',
    'RETURNING <target+>',
    'RETURNING old.<column>, new.*',
    '@18 RETURNING WITH (OLD AS before, NEW AS after) before.<column>, after.<column>',
  ],
  update: [
    '{{// <with>}} UPDATE {{// ONLY}} <table> {{// AS <word> // <word>}} SET <assignment+> {{// FROM <from+>}} {{// WHERE <condition>}} {{// <returning>}}',
    'UPDATE <table> SET <column> = <literal> WHERE <column> = <literal>',
    'UPDATE <table> SET <assignment> WHERE CURRENT OF <name>',
  ],
  delete: [
    '{{// <with>}} DELETE FROM {{<table> // <table> * // ONLY <table>}} {{// AS <word>}} {{// USING <from+>}} {{// WHERE <condition>}} {{// <returning>}}',
    'DELETE FROM <table> WHERE <column> IN (<literal>, <literal>, <literal>)',
    'DELETE FROM <table> WHERE CURRENT OF <name>',
  ],
  merge: [
    'MERGE INTO <table> {{// AS t}} USING {{<table> // (<query>)}} AS s ON <condition> <merge_when> {{// <merge_when>}}',
    '{{// <with>}} MERGE INTO ONLY <table> USING <table> ON <condition> <merge_when>',
    '@17 MERGE INTO <table> AS t USING <table> AS s ON <condition> WHEN NOT MATCHED BY SOURCE {{// AND <condition>}} THEN {{DELETE // DO NOTHING // UPDATE SET <assignment>}}',
    '@17 MERGE INTO <table> AS t USING <table> AS s ON <condition> WHEN NOT MATCHED BY TARGET THEN DO NOTHING RETURNING merge_action(), t.*',
  ],
  merge_when: [
    'WHEN MATCHED {{// AND <condition>}} THEN UPDATE SET <assignment+>',
    'WHEN MATCHED {{// AND <condition>}} THEN DELETE',
    'WHEN MATCHED THEN DO NOTHING',
    'WHEN NOT MATCHED {{// AND <condition>}} THEN INSERT {{// (<insert_column+>)}} {{// OVERRIDING SYSTEM VALUE}} VALUES (<expr+>)',
    'WHEN NOT MATCHED THEN INSERT DEFAULT VALUES',
    'WHEN NOT MATCHED THEN DO NOTHING',
  ],
};
