/** The statements that both parsers read, by where they come from. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CORPORA, readCorpus } from '../../fixtures/statements/corpora.ts';
import { decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import { redact } from '../../src/decode/redaction/redact.ts';
import { generatedCorpus } from './generator/generate.ts';

const fixtures = new URL('../../fixtures/', import.meta.url);

/** Statements of the golden file, written for the project's own tests. */
function golden(): string[] {
  const cases: { sql: string }[] = JSON.parse(
    readFileSync(new URL('golden/statements.json', fixtures), 'utf8'),
  );
  return cases.map(({ sql }) => sql);
}

/** Statements that the recorded server logged, audited or failed. */
function recording(): string[] {
  const prefixes = [compilePrefix('%t-%c-')];
  return gunzipSync(readFileSync(new URL('recorded/flexible-15.ndjson.gz', fixtures)))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => decodeMessage(Buffer.from(line), { prefixes }).records)
    .flatMap(({ fact }) => (fact?.kind === 'audit' || fact?.kind === 'failure' ? [fact.statement] : []))
    .filter((statement) => statement !== null);
}

/** Distinct texts by source, secrets blanked as in the stream. A text stands under the first source that has it. */
export function statementSources(): Map<string, string[]> {
  const sources: [string, string[]][] = [
    ['golden', golden()],
    ['recording', recording()],
    ...CORPORA.map((corpus): [string, string[]] => [
      corpus,
      readCorpus(corpus).map(({ sql }) => redact(sql)),
    ]),
    ['generated', generatedCorpus().map(({ sql }) => redact(sql))],
  ];
  const seen = new Set<string>();
  const distinct = new Map<string, string[]>();
  for (const [source, texts] of sources)
    distinct.set(
      source,
      texts.filter((text) => !seen.has(text) && seen.add(text)),
    );
  return distinct;
}
