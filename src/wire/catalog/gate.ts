/** Whether a statement could be about catalogs: told from its words alone, as what it says is known only when it is parsed. */
import type { Token } from '../../statements/lexing/lexer.ts';

/** Functions and casts that only PostgreSQL has, or that say something else there. */
const WORDS = new Set(
  (
    'INFORMATION_SCHEMA VERSION CURRENT_SCHEMA CURRENT_SCHEMAS CURRENT_DATABASE CURRENT_CATALOG CURRENT_USER SESSION_USER ' +
    'CURRENT_ROLE CURRENT_SETTING SET_CONFIG OBJ_DESCRIPTION COL_DESCRIPTION FORMAT_TYPE QUOTE_IDENT REGCLASS REGTYPE ' +
    'TO_REGCLASS TO_REGTYPE HAS_TABLE_PRIVILEGE HAS_SCHEMA_PRIVILEGE HAS_DATABASE_PRIVILEGE INET_SERVER_ADDR ' +
    'INET_SERVER_PORT TXID_CURRENT USER'
  ).split(' '),
);

export function asksCatalog(sql: string, tokens: readonly Token[]): boolean {
  return tokens.some(({ type, text, start, end }) => {
    const word = type === 'quoted' ? sql.slice(start + 1, end - 1).toUpperCase() : text;
    return (type === 'word' || type === 'quoted') && (word.startsWith('PG_') || WORDS.has(word));
  });
}
