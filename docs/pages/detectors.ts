/** The page of the detectors, from their front matter. */
import { basename } from 'node:path';
import { FLOOD, SILENCE } from '../../src/alerts/engine-findings.ts';
import { type Detector, loadDetectors } from '../../src/detect/detector.ts';
import type { ParameterDefinition } from '../../src/detect/front-matter.ts';
import { code, head, list, steps, table } from './markdown.ts';

/** What the heartbeat tells of; see `src/alerts/heartbeat/lives.ts`. */
const SILENCES = [
  [
    code('server <name>'),
    'high',
    'No line of its log (category PostgreSQLLogs) that can be read has come for `serverMinutes`, while the hub went on. A server that sent nothing for a week is forgotten, and its alert closes with the reason `gone`.',
  ],
  [
    code('source <hub>'),
    'high',
    'The hub has brought no message at all for `serverMinutes`. This takes the place of one alert for each server and partition.',
  ],
  [
    code('partition <n> of <hub>'),
    'medium',
    'It has brought no message for `partitionMinutes`, although messages wait in it, or while the others brought 20 each.',
  ],
  [
    code('channel <name>'),
    'medium, high',
    'It took none of the messages that wait for it for `channelMinutes`; high after four times that, or at once when it is disabled. The other channels are told; its own message waits with the rest.',
  ],
];

/** @throws PgvigilError when a detector of pgvigil cannot be used */
export async function detectorsPage(): Promise<string> {
  const { detectors, refused } = await loadDetectors();
  for (const { error } of refused) throw error;
  const overview = detectors.map(({ id, name, severity, title, attack }) => [
    `[${id}](#${id.toLowerCase()})`,
    code(name),
    severity,
    title,
    attack.map(technique).join(' '),
  ]);
  return [
    head('Detectors', 'the front matter of `queries/detectors/*.sql`'),
    `
Each detector is one SQL file: front matter, then one SELECT over the [public views](views.md) that returns evidence.
\`pgvigil detectors list\` shows them with the values in force. To change one:

\`\`\`yaml
detection:
  modes: { X01: shadow, A03: off }
  parameters:
    A01: { min_failures: 20, window: 15m }
\`\`\`

A detector in mode \`shadow\` keeps what it finds as alerts with status \`shadow\` and sends them to nobody. Detectors of your
own are files of the same form in a folder under \`detection.detectorFolders\`, with their test cases beside them:
\`pgvigil detectors test FILE\` runs these. [writing-detectors.md](writing-detectors.md) leads through it. [attack-layer.json](attack-layer.json)
shows the techniques that are covered in the [ATT&CK Navigator](https://mitre-attack.github.io/attack-navigator/).

\`pgvigil detectors status\` says for each server which of them see what they need.

Two findings are of pgvigil itself and have no file. Neither the caps nor the allow-list apply to them.

- G01 (\`${FLOOD.name}\`) is the one alert that is sent in place of those that \`detection.maxAlertsPerHour\` holds back, with
  their number by detector.
- G02 (\`${SILENCE.name}\`, ATT&CK ${SILENCE.attack.map(technique).join(' ')}) is the heartbeat: one alert when something goes silent, closed with the reason
  \`returned\` when it is back. Channels that are told of \`updated\` or \`closed\` hear of that.

Each key of \`heartbeat\` in the configuration is a number of minutes, counted anew when the worker starts:

`,
    table(['entity of the alert', 'severity', 'when'], SILENCES),
    '\n',
    table(['id', 'name', 'severity', 'finds', 'ATT&CK'], overview),
    ...detectors.map(section),
  ].join('');
}

function section(detector: Detector): string {
  const parameters = Object.entries(detector.parameters).map(([name, definition]) => [
    code(name),
    kind(definition),
    code(shown(definition.default)),
    definition.help,
  ]);
  return [
    `\n## ${detector.id}\n**${detector.title}** (\`${detector.name}\`)\n\n`,
    detector.why === null ? '' : `${detector.why}\n\n`,
    `Severity ${detector.severity}, risk ${detector.risk}. ATT&CK v19: ${[detector.tactic, ...detector.attack.map(technique)].join(', ')}`,
    detector.attackV18.length > 0 ? ` (v18: ${detector.attackV18.join(', ')}). ` : '. ',
    detector.correlates ? 'It reads the alerts of the others and runs after them. ' : '',
    detector.deniedAttempts ? 'Attempts that the server denied count, too. ' : '',
    detector.mode === 'on' ? '' : `Mode ${detector.mode} unless the configuration says otherwise. `,
    `After ${duration(detector.quiet)} without evidence a new alert is opened. `,
    `SQL: [${basename(detector.file)}](../queries/detectors/${basename(detector.file)}).\n`,
    detector.requires.length > 0 ? `\nNeeds:\n${list(detector.requires)}` : '',
    parameters.length > 0
      ? `\n${table(['parameter', 'type', 'default', 'meaning'], parameters)}`
      : '\nIt has no parameters.\n',
    detector.falsePositives.length > 0
      ? `\nWhat may be reported without being an attack, or is left out on purpose:\n${list(detector.falsePositives)}`
      : '',
    `\nWhat to do:\n${steps(detector.runbook)}`,
  ].join('');
}

function technique(id: string): string {
  return `[${id}](https://attack.mitre.org/techniques/${id.replace('.', '/')}/)`;
}

function kind({ type, min, max }: ParameterDefinition): string {
  if (type === 'strings') return 'list of texts';
  if (type === 'string') return 'text';
  if (type === 'duration') return 'duration (`10m`, `1h`)';
  if (min !== undefined && max !== undefined) return `number, ${min} to ${max}`;
  return 'number';
}

function shown(value: ParameterDefinition['default']): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function duration(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}
