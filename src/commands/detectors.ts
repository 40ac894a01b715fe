/** `pgvigil detectors list`. */
import { loadDetectors } from '../detect/detector.ts';
import type { Format } from '../query/formats.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows, rowsOf } from './output.ts';

const COLUMNS = ['id', 'name', 'severity', 'enabled', 'attack', 'title', 'parameters'];

export async function listDetectorsCommand(options: GlobalOptions & { format: string }): Promise<void> {
  const { config, out, err } = await createContext(options);
  const { detectors, refused } = await loadDetectors(config.detection.detectorFolders);
  const rows = detectors.map((detector) => ({
    id: detector.id,
    name: detector.name,
    severity: detector.severity,
    enabled: !config.detection.disabled.includes(detector.id),
    attack: detector.attack,
    title: detector.title,
    parameters: Object.entries(detector.parameters).map(([name, { default: value }]) => {
      const set = config.detection.parameters[detector.id]?.[name] ?? value;
      return `${name}=${Array.isArray(set) ? set.join('|') : String(set)}`;
    }),
  }));
  await printRows(out, options.format as Format, rowsOf(COLUMNS, rows));
  for (const { error } of refused) err.write(`refused: ${error.message}\n  ${error.hint}\n`);
}
