/** COPY, and other statements that name a file or library on the server. */
import type { FuncCall } from 'libpg-query';
import { as, constantText, lastName, type NodeHandlers, withoutCasts } from '../ast.ts';
import type { Draft } from '../draft.ts';

/** Functions whose first constant text is a path. */
const READS_PATH = new Set(
  'pg_read_file pg_read_binary_file pg_ls_dir pg_stat_file lo_import lo_export pg_file_read pg_file_write'.split(
    ' ',
  ),
);

export const fileHandlers: NodeHandlers<Draft> = {
  CopyStmt(node, draft) {
    draft.flags.add(node.is_from ? 'copy_from' : 'copy_to');
    draft.flags.add(node.relation ? 'copy_relation' : 'copy_query');
    if (node.filename !== undefined) {
      draft.path = node.filename;
      draft.flags.add(node.is_program ? 'copy_program' : 'copy_file');
    } else {
      draft.flags.add(node.is_from ? 'copy_stdin' : 'copy_stdout');
    }
  },
  LoadStmt(node, draft) {
    draft.flags.add('load_library');
    draft.path = node.filename ?? null;
  },
  FuncCall(node, draft) {
    if (READS_PATH.has(lastName(node.funcname))) draft.path ??= pathOf(node);
  },
};

function pathOf({ args = [] }: FuncCall): string | null {
  for (const arg of args) {
    if (as(withoutCasts(arg), 'A_Const')?.sval === undefined) continue;
    const text = constantText(arg) ?? '';
    if (!/^\d*$/.test(text)) return text;
  }
  return null;
}
