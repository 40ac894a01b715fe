/** Writes the reference pages: `npm run docs`. A test fails when one is out of date. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { packagePath } from '../src/paths.ts';
import { attackLayer } from './pages/attack-layer.ts';
import { cliPage } from './pages/cli.ts';
import { configurationPage } from './pages/configuration.ts';
import { detectorsPage } from './pages/detectors.ts';
import { flagsPage } from './pages/flags.ts';
import { investigationsPage } from './pages/investigations.ts';
import { openApiPage } from './pages/openapi.ts';
import { viewsPage } from './pages/views.ts';

/** The generated pages, by their path in the repository. The same source gives the same text. */
export const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  'docs/attack-layer.json': attackLayer,
  'docs/cli.md': cliPage,
  'docs/configuration.md': configurationPage,
  'docs/detectors.md': detectorsPage,
  'docs/flags.md': flagsPage,
  'docs/investigations.md': investigationsPage,
  'docs/openapi.json': openApiPage,
  'docs/views.md': viewsPage,
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, page] of Object.entries(PAGES)) await writeFile(packagePath(path), await page());
}
