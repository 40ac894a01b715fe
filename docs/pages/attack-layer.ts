/**
 * Coverage as a layer for the ATT&CK Navigator.
 * Format: https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
 */
import { type Detector, loadDetectors } from '../../src/detect/detector.ts';

/** @throws PgvigilError when a detector of pgvigil cannot be used */
export async function attackLayer(): Promise<string> {
  const { detectors, refused } = await loadDetectors();
  for (const { error } of refused) throw error;
  const byTechnique = new Map<string, Detector[]>();
  for (const detector of detectors)
    for (const id of detector.attack) byTechnique.set(id, [...(byTechnique.get(id) ?? []), detector]);
  const techniques = [...byTechnique]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([techniqueID, known]) => ({
      techniqueID,
      score: known.length,
      comment: known.map(({ id, title }) => `${id} ${title}`).join('\n'),
      metadata: known.map(({ id, name }) => ({ name: id, value: name })),
    }));
  const layer = {
    name: 'pgvigil',
    versions: { attack: '19', navigator: '5.1.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description:
      'What the detectors of pgvigil look for in the logs of Azure Database for PostgreSQL. Score: detectors.',
    gradient: {
      colors: ['#cfe8ff', '#1f6feb'],
      minValue: 1,
      maxValue: Math.max(...techniques.map(({ score }) => score)),
    },
    techniques,
  };
  return `${JSON.stringify(layer, null, 2)}\n`;
}
