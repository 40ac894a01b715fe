/** Folders of the installed package. `src/` and `dist/` both sit one level below its root. */
import { fileURLToPath } from 'node:url';

/** Absolute path of `relative` inside the package. */
export function packagePath(relative: string): string {
  return fileURLToPath(new URL(`../${relative}`, import.meta.url));
}
