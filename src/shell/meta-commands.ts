/** The commands of the shell itself. They begin with a backslash, which no SQL does. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { closest } from '../closest.ts';
import { PgvigilError } from '../errors.ts';
import { AnswerFile, formatOfName } from '../query/answer-file.ts';
import { FORMATS, type Format } from '../query/formats.ts';
import type { View } from '../query/query-session.ts';
import type { Settings } from './settings.ts';
import { explained, viewOf, viewsText, viewText } from './view-text.ts';

/** What a command may do to the shell. */
export interface Hands {
  settings: Settings;
  readonly views: readonly View[];
  /** Columns of the terminal; null where nothing has to fit. */
  readonly width: number | null;
  /** Shows a text as an answer is shown. */
  show(text: string): Promise<void>;
  /** Says something beside the answers. */
  note(text: string): void;
  /** Runs the lines of a file. */
  include(path: string): Promise<void>;
  quit(): void;
}

export interface MetaCommand {
  /** The first is the one that help shows. */
  names: readonly string[];
  argument: string;
  help: string;
  /** What its argument may be, to complete it. */
  choices?: (hands: Hands) => readonly string[];
  run(hands: Hands, argument: string): void | Promise<void>;
}

const SWITCH = () => ['on', 'off'];

export const META_COMMANDS: readonly MetaCommand[] = [
  {
    names: ['d', 'dv', 'dt'],
    argument: '[view]',
    help: 'the views, or the columns of one',
    choices: ({ views }) => views.map(({ name }) => name),
    run: ({ views, width, show }, name) =>
      show(name === '' ? viewsText(views, width) : viewText(viewOf(views, name), width)),
  },
  {
    names: ['x'],
    argument: '[on|off]',
    help: 'records one below the other, also where a table would fit',
    choices: SWITCH,
    run: (hands, argument) => {
      const expanded = switched('x', argument, hands.settings.expanded);
      change(
        hands,
        { expanded },
        `Records stand ${expanded ? 'one below the other' : 'in a table where they fit'}.`,
      );
    },
  },
  {
    names: ['format'],
    argument: '[name]',
    help: `how answers look: ${FORMATS.join(', ')}`,
    choices: () => FORMATS,
    run: (hands, argument) => {
      if (argument === '') return hands.note(`Answers are shown as ${hands.settings.format}.`);
      const format = FORMATS.find((one) => one === argument) as Format | undefined;
      if (format === undefined)
        throw usage(
          'format',
          argument,
          `It is one of ${FORMATS.join(', ')}. Parquet is for files: \\o name.parquet`,
        );
      change(hands, { format }, `Answers are shown as ${format}.`);
    },
  },
  {
    names: ['limit'],
    argument: '[rows]',
    help: 'rows at most; 0: all',
    run: (hands, argument) => {
      const limitRows = argument === '' ? hands.settings.limitRows : numberOf('limit', argument);
      const shown =
        limitRows === null
          ? 'As many rows as usual'
          : limitRows === 0
            ? 'All rows'
            : `At most ${limitRows} rows`;
      change(hands, { limitRows }, `${shown} are shown.`);
    },
  },
  {
    names: ['timeout'],
    argument: '[seconds]',
    help: 'time at most',
    run: (hands, argument) => {
      const timeoutMs = argument === '' ? hands.settings.timeoutMs : numberOf('timeout', argument) * 1000;
      change(hands, { timeoutMs }, `A query may take ${timeoutMs / 1000} s.`);
    },
  },
  {
    names: ['timing'],
    argument: '[on|off]',
    help: 'say how long each query took',
    choices: SWITCH,
    run: (hands, argument) => {
      const timing = switched('timing', argument, hands.settings.timing);
      change(hands, { timing }, `Timing is ${timing ? 'on' : 'off'}.`);
    },
  },
  {
    names: ['pset'],
    argument: 'pager [on|off]',
    help: 'read long answers with a pager (PGVIGIL_PAGER, PAGER)',
    choices: () => ['pager on', 'pager off'],
    run: (hands, argument) => {
      const [name, value = ''] = argument.split(/\s+/);
      if (name !== 'pager') throw usage('pset', argument, 'Write \\pset pager on, or off.');
      const pager = switched('pset pager', value, hands.settings.pager);
      change(hands, { pager }, `The pager is ${pager ? 'on' : 'off'}.`);
    },
  },
  {
    names: ['o'],
    argument: '[file]',
    help: 'the next answer goes to a file (.csv, .json, .ndjson, .parquet); none: is shown',
    run: async (hands, argument) => {
      if (argument === '') return change(hands, { output: null }, 'Answers are shown.');
      const output = pathOf(argument);
      await AnswerFile.at(output, { format: formatOfName(output) ?? hands.settings.format, force: false });
      change(hands, { output }, `The next answer goes to ${output}.`);
    },
  },
  {
    names: ['i'],
    argument: 'file',
    help: 'run the statements and commands of a file',
    run: (hands, argument) => {
      if (argument === '') throw usage('i', argument, 'Name a file: \\i questions.sql');
      return hands.include(pathOf(argument));
    },
  },
  {
    names: ['set'],
    argument: '[name value]',
    help: 'a value for $name in the statements that follow; none: all values',
    run: (hands, argument) => {
      const { parameters } = hands.settings;
      if (argument === '') {
        return hands.show(explained(Object.entries(parameters), hands.width));
      }
      const [, name, value] = /^(\w+)\s+(\S[\s\S]*)$/.exec(argument) ?? [];
      if (name === undefined || value === undefined) throw usage('set', argument, 'Write \\set user alice');
      hands.settings = { ...hands.settings, parameters: { ...parameters, [name]: unquoted(value) } };
    },
  },
  {
    names: ['unset'],
    argument: 'name',
    help: 'forget the value of $name',
    choices: ({ settings }) => Object.keys(settings.parameters),
    run: (hands, name) => {
      const kept = Object.entries(hands.settings.parameters).filter(([one]) => one !== name);
      hands.settings = { ...hands.settings, parameters: Object.fromEntries(kept) };
    },
  },
  {
    names: ['?', 'h', 'help'],
    argument: '',
    help: 'this list',
    run: ({ show, width }) => show(helpText(width)),
  },
  { names: ['q', 'quit'], argument: '', help: 'end (also Ctrl-D)', run: ({ quit }) => quit() },
];

/** @throws PgvigilError USAGE for a command that is none, and what the command has against its argument */
export async function runMetaCommand(hands: Hands, line: string): Promise<void> {
  const [, name = '', argument = ''] = /^\s*\\(\S*)\s*([\s\S]*?)[\s;]*$/.exec(line) ?? [];
  const command = META_COMMANDS.find(({ names }) => names.includes(name));
  if (command !== undefined) return command.run(hands, argument);
  const guess = closest(
    name,
    META_COMMANDS.flatMap(({ names }) => names),
  );
  throw new PgvigilError(
    'USAGE',
    `there is no command \\${name}`,
    `${guess === undefined ? '' : `Did you mean \\${guess}? `}\\? lists the commands.`,
  );
}

function helpText(width: number | null): string {
  const rows = META_COMMANDS.map(({ names, argument, help }) => [`\\${names[0]} ${argument}`, help]);
  return [
    'Type SQL and end it with a semicolon. Ctrl-C cancels, Tab completes.\n\n',
    explained(rows, width),
    '\nA line that begins with a space is not kept in the history.\n',
  ].join('');
}

function change(hands: Hands, changes: Partial<Settings>, said: string): void {
  hands.settings = { ...hands.settings, ...changes };
  hands.note(said);
}

function switched(name: string, argument: string, before: boolean): boolean {
  if (argument === '') return !before;
  if (argument === 'on' || argument === 'off') return argument === 'on';
  throw usage(name, argument, `Write \\${name} on, or off.`);
}

function numberOf(name: string, argument: string): number {
  if (/^[0-9]{1,9}$/.test(argument)) return Number(argument);
  throw usage(name, argument, 'It must be a whole number.');
}

/** A path as a shell would take it: `~/` is the home folder, and quotes may stand around it. */
function pathOf(argument: string): string {
  const path = unquoted(argument);
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}

function unquoted(text: string): string {
  return /^'[\s\S]*'$/.test(text) && text.length > 1 ? text.slice(1, -1).replaceAll("''", "'") : text;
}

function usage(name: string, argument: string, hint: string): PgvigilError {
  return new PgvigilError('USAGE', `\\${name} does not know ${JSON.stringify(argument)}`, hint);
}
