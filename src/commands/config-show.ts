/** `pgvigil config show`: what is in force, from file, environment and flags together. */
import { Document, visit } from 'yaml';
import { printable } from '../printable.ts';
import { createContext, type GlobalOptions } from './context.ts';

/** @throws PgvigilError CONFIG_INVALID */
export async function showConfigCommand(options: GlobalOptions): Promise<void> {
  const { config, out } = await createContext(options);
  const document = new Document(config);
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string') node.value = printable(withoutQuery(node.value));
    },
  });
  out.write(document.toString({ lineWidth: 0 }));
}

/** Secrets are references in the configuration; but the query of an address may hold one that was written into it all the same. */
function withoutQuery(text: string): string {
  if (!/^https?:/.test(text) || !URL.canParse(text)) return text;
  const url = new URL(text);
  return url.search === '' ? text : text.replace(url.search, '?…');
}
