import { InvalidArgumentError, Option } from 'commander';

/** Values by name, as they were typed. */
export type ParameterTexts = Readonly<Record<string, string>>;

/** The option of every command that asks with parameters; it may be given once for each. */
export function parameterOption(): Option {
  return new Option('-p, --parameter <name=value>', 'value of a parameter ($name); again for more').argParser(
    collected,
  );
}

/** @throws InvalidArgumentError */
function collected(text: string, before: ParameterTexts | undefined): ParameterTexts {
  const [, name, value] = /^(\w+)=([\s\S]*)$/.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('It must be a name and a value: user=anna.');
  if (before !== undefined && Object.hasOwn(before, name))
    throw new InvalidArgumentError(`${name} is given twice.`);
  return { ...before, [name]: value };
}
