/** `pgvigil detectors list`. */
import { loadDetectors } from '../detect/detector.ts';
import type { Format } from '../query/formats.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows, rowsOf } from './output.ts';

/** What fits a terminal; the other formats have the parameters too. */
const COLUMNS = ['id', 'name', 'severity', 'mode', 'attack', 'title'];

export async function listDetectorsCommand(options: GlobalOptions & { format: string }): Promise<void> {
  const { config, out, err } = await createContext(options);
  const { detectors, refused } = await loadDetectors(config.detection.detectorFolders);
  const rows = detectors.map((detector) => ({
    id: detector.id,
    name: detector.name,
    severity: detector.severity,
    mode: config.detection.modes[detector.id] ?? detector.mode,
    attack: detector.attack,
    title: detector.title,
    parameters: Object.entries(detector.parameters).map(([name, { default: value }]) => {
      const set = config.detection.parameters[detector.id]?.[name] ?? value;
      return `${name}=${Array.isArray(set) ? set.join('|') : String(set)}`;
    }),
  }));
  const format = options.format as Format;
  const columns = format === 'table' ? COLUMNS : [...COLUMNS, 'parameters'];
  await printRows(out, format, rowsOf(columns, rows));
  for (const { error } of refused) err.write(`refused: ${error.message}\n  ${error.hint}\n`);
}
