import { InvalidArgumentError } from 'commander';

/**
 * Gathers `name=value`, for an option that may be given more than once.
 *
 * @throws InvalidArgumentError
 */
export function parameterOption(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, name, value] = /^(\w+)=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('It must be name=value, for $name in the SQL.');
  return { ...before, [name]: value };
}
