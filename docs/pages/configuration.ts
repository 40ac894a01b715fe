/** The page of the configuration, from the schema and the example file. */
import { readFile } from 'node:fs/promises';
import { CONFIG_REFERENCE } from '../../src/config.ts';
import { packagePath } from '../../src/paths.ts';
import { code, head, table } from './markdown.ts';

const INTRODUCTION = `
pgvigil reads the file that \`--config\` names, else \`pgvigil.yaml\` in the current folder, else nothing: every key has a
default, and only \`pgvigil run\` needs a section \`eventHub\`. An environment variable counts more than the file, a flag more
than both. A wrong key or value ends the command with every mistake in one message. \`pgvigil doctor\` checks the
configuration against hub, channels and data.

Relative paths count from the folder of the file, or from the current folder where they come from a variable or a flag.

## Secrets
The file never holds one: \`{ env: NAME }\` reads an environment variable, \`{ file: PATH }\` a file (systemd credentials,
Kubernetes secrets). They are read when they are needed. A file that other users of the machine can read is reported.

A key for webhooks is made with:

\`\`\`
pgvigil alerts keys
\`\`\`

## Environment variables
`;

export async function configurationPage(): Promise<string> {
  const example = await readFile(packagePath('docs/pgvigil.example.yaml'), 'utf8');
  return [
    head('Configuration', '`src/config/schema.ts` and `docs/pgvigil.example.yaml`'),
    INTRODUCTION,
    table(
      ['variable', 'key'],
      [
        [code('PGVIGIL_DATA'), code('data')],
        [code('PGVIGIL_LOG_LEVEL'), code('log.level')],
      ],
    ),
    '\n## Keys\n',
    table(
      ['key', 'value', 'default', 'meaning'],
      CONFIG_REFERENCE.map(({ key, type, default: value, meaning }) => [
        code(key),
        type,
        value === '' || value === 'required' ? value : code(value),
        meaning,
      ]),
    ),
    `\n## A complete example\n\`\`\`yaml\n${example}\`\`\`\n`,
  ].join('');
}
