/** The process behind `CatalogHost`: one question, one reply. */
import { messageOf, PgvigilError } from '../../errors.ts';
import type { Answer } from '../../query/query-runner.ts';
import type { Cell } from '../../query/values.ts';
import { Catalog } from './catalog.ts';
import type { CatalogTable, Question, Reply } from './catalog-host.ts';

/** Of one answer: all columns of all views are some 100 KB. */
const MAX_BYTES = 16 * 1024 * 1024;

let catalog: Catalog | undefined;

process.on('message', async (question) => {
  process.send!(await replyTo(question as Question));
});
// The parent is gone.
process.on('disconnect', () => process.exit());

async function replyTo(question: Question): Promise<Reply> {
  try {
    return { kind: 'value', value: await answerTo(question) };
  } catch (error) {
    const own = error instanceof PgvigilError ? error : null;
    const code = own?.code === 'QUERY_REFUSED' ? 'QUERY_REFUSED' : 'QUERY_FAILED';
    return { kind: 'error', code, message: messageOf(error), hint: own?.hint ?? 'Ask the views themselves.' };
  }
}

async function answerTo(question: Question) {
  if (question.kind === 'start') {
    catalog = await Catalog.open(question.views);
    return null;
  }
  if (question.kind === 'describe') return catalog!.describe(question.sql, question.session);
  const answer = await catalog!.run(question.request, question.session);
  return answer === null ? null : tableOf(answer);
}

async function tableOf(answer: Answer): Promise<CatalogTable> {
  const rows: Cell[][] = [];
  let bytes = 0;
  for await (const row of answer.rows) {
    bytes += JSON.stringify(row).length;
    if (bytes > MAX_BYTES) return { columns: answer.columns, rows, cut: 'bytes' };
    rows.push(row);
  }
  return { columns: answer.columns, rows, cut: answer.cut };
}
