/** Views as log sources of Sigma, and back. */
import { Untranslated } from './tree.ts';

export interface Logsource {
  product: string;
  service: string;
  definition: string;
}

/** Views that an imported detector may read. */
export type EventView = 'activity' | 'sign_ins' | 'records';

const DEFINITION =
  'Fields are the columns of a view of pgvigil (docs/views.md there). ' +
  'A list field matches when one of its elements does.';

/** A rule over anything else was written for other events. */
const SOURCES: Record<string, { view: EventView; service: string; definition: string }> = {
  activity: {
    view: 'activity',
    service: 'pgaudit',
    definition:
      'pgaudit and the error log. pgvigil analyses the statements: flags, kinds, functions, catalogs, relations, columns, ' +
      'roles_granted, grantees, role_options, setting_*, hosts, language, extension, path, target, statement_count and ' +
      'is_platform are not in what the server writes.',
  },
  sign_ins: {
    view: 'sign_ins',
    service: 'authentication',
    definition:
      'log_connections and the refusals of the server. pgvigil makes outcome, reason and is_platform of them.',
  },
  records: {
    view: 'records',
    service: 'postgresql',
    definition: 'The lines of the server log. is_platform is made by pgvigil.',
  },
};

/** @throws Untranslated for a view that is no log of events */
export function logsourceOf(view: string): Logsource {
  const source = Object.hasOwn(SOURCES, view) ? SOURCES[view] : undefined;
  if (source === undefined)
    throw new Untranslated(`reads the view ${view}, which has no log source in Sigma`);
  return { product: 'postgresql', service: source.service, definition: `${source.definition} ${DEFINITION}` };
}

/** The view of a service; undefined for a service that says nothing of it. */
export function viewOfService(service: string): EventView | undefined {
  return Object.values(SOURCES).find((source) => source.service === service)?.view;
}
