import { Option } from 'commander';
import { FORMATS } from '../query/formats.ts';

/** The option of every command that prints rows. */
export function formatOption(): Option {
  return new Option('-f, --format <format>', 'output format').choices(FORMATS).default('table');
}
