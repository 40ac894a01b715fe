/** What a person sends with the form of a link. Pure. */
import { z } from 'zod';
import { type AlertDecision, CLOSE_REASONS } from '../alerts/desk.ts';
import type { LinkAction } from '../alerts/links.ts';

/** As many characters as the fields take, in the units in which browsers count. */
export const MAX_NAME = 100;
export const MAX_NOTE = 1_000;

/** Not only characters that nobody sees. */
const name = z
  .string()
  .trim()
  .max(MAX_NAME)
  .regex(/[\p{L}\p{N}]/u);
const note = z
  .string()
  // Browsers send line breaks as two characters and count them as one (HTML, "maxlength").
  .transform((text) => text.replaceAll('\r\n', '\n').trim() || null)
  .pipe(z.string().max(MAX_NOTE).nullable());
const reason = z.enum(CLOSE_REASONS);

/** The fields as they came; one that was left out is empty. */
export interface LinkFields {
  name: string;
  note: string;
  reason: string;
}

export type LinkForm = { name: string; decision: AlertDecision } | { problem: string };

/** The fields of a form, each as it came. */
export function fieldsOf(form: URLSearchParams): LinkFields {
  return { name: form.get('name') ?? '', note: form.get('note') ?? '', reason: form.get('reason') ?? '' };
}

/** Who decides what; or what is wrong with the form, for the person who sent it. */
export function linkForm(action: LinkAction, fields: LinkFields): LinkForm {
  const who = name.safeParse(fields.name);
  if (!who.success) return { problem: `Write your name, in ${MAX_NAME} characters at most.` };
  const said = note.safeParse(fields.note);
  if (!said.success) return { problem: `Write a note of ${MAX_NOTE} characters at most.` };
  if (action === 'acknowledge') return { name: who.data, decision: { action, note: said.data } };
  const why = reason.safeParse(fields.reason);
  if (!why.success) return { problem: 'Choose a reason.' };
  return { name: who.data, decision: { action, reason: why.data, note: said.data } };
}
