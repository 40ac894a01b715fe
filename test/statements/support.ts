/** Statements without the parser's thread: `loadParser()` must be done. */
import type { Statement } from '../../src/model/statement.ts';
import { readText } from '../../src/statements/features.ts';
import { StatementCache } from '../../src/statements/statement-cache.ts';
import { statementText } from '../../src/statements/statement-text.ts';

/** A statement as it is found when its text is parsed. */
export function parsedStatement(redactedText: string): Statement {
  return new StatementCache().add(redactedText, readText(statementText(redactedText)));
}
