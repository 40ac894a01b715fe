/** A SQL file that begins with a comment of YAML, its front matter: detectors, investigations. Pure. */
import { parseDocument } from 'yaml';

export interface SqlFile {
  yaml: string;
  /** What the YAML says, not yet checked. */
  values: unknown;
  sql: string;
}

/** Why a file is none, with the line that says so. */
export interface SqlFileProblem {
  line: number;
  reason: string;
}

const FRONT_MATTER = /^\/\*---\r?\n([\s\S]*?)\r?\n---\*\/\r?\n/;

export function readSqlFile(text: string): SqlFile | SqlFileProblem {
  const match = FRONT_MATTER.exec(text);
  if (match === null) return { line: 1, reason: 'the file does not begin with /*--- front matter ---*/' };
  const yaml = match[1] ?? '';
  const document = parseDocument(yaml);
  const syntax = document.errors[0];
  if (syntax !== undefined) {
    const line = 1 + (syntax.linePos?.[0].line ?? 1);
    return { line, reason: syntax.message.split('\n')[0] ?? 'broken YAML' };
  }
  return { yaml, values: document.toJS(), sql: text.slice(match[0].length).trim() };
}

/** Line of the file in which a key of the front matter stands. */
export function lineOfKey({ yaml }: SqlFile, key: string): number {
  const line = yaml.split('\n').findIndex((text) => text.startsWith(`${key}:`));
  return line < 0 ? 1 : line + 2;
}
