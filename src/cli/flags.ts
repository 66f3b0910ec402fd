/**
 * Flags of commands: one table says what there is, what `--help` prints, and what is refused.
 *
 * @module
 */

/** A wrong command line. The command ends with exit code 2. */
export class UsageError extends Error {}

/** One flag. */
export interface Flag {
  /** What follows the name: a placeholder for `--help`; left out for a switch. */
  readonly value?: string;
  /** One line for `--help`. */
  readonly help: string;
}

/** What a command line says. */
export interface ParsedFlags {
  /** Values by flag name, without dashes; a switch is "true" or, as `--no-NAME`, "false". */
  readonly values: ReadonlyMap<string, string>;
  /** What is no flag. */
  readonly operands: readonly string[];
}

/**
 * Reads `--name value`, `--name=value`, `--switch` and `--no-switch`; `--` ends the flags.
 * @throws UsageError for unknown flags, and for missing or superfluous values.
 */
export function parseFlags(
  words: readonly string[],
  flags: Readonly<Record<string, Flag>>,
): ParsedFlags {
  const values = new Map<string, string>();
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--") {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      operands.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const name = word.slice(2, equals === -1 ? undefined : equals);
    const inline = equals === -1 ? undefined : word.slice(equals + 1);
    const positive = name.startsWith("no-") ? name.slice(3) : name;
    const key = Object.hasOwn(flags, name) ? name : positive;
    const flag = word.startsWith("--") && Object.hasOwn(flags, key) ? flags[key] : undefined;
    if (flag === undefined || (key !== name && flag.value !== undefined)) {
      throw new UsageError(`unknown flag ${word}`);
    }
    if (flag.value === undefined) {
      values.set(key, String((inline ?? "true") === "true" && key === name));
    } else {
      const value = inline ?? words[++at];
      if (value === undefined) throw new UsageError(`--${name} needs a value: ${flag.value}`);
      values.set(name, value);
    }
  }
  return { values, operands };
}

/** The flags as lines of `--help`. */
export function describeFlags(flags: Readonly<Record<string, Flag>>): string {
  const rows = Object.entries(flags).map(([name, { value, help }]) => {
    return [`  --${name}${value === undefined ? "" : ` ${value}`}`, help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, help]) => left.padEnd(width) + help).join("\n");
}

/** The whole number in a flag. Throws `UsageError` unless it lies between `min` and `max`. */
export function numberFlag(
  { values }: ParsedFlags,
  name: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) {
    throw new UsageError(`--${name} is a whole number from ${min} to ${max}`);
  }
  return number;
}

/** The word in a flag. Throws `UsageError` unless it is one of `choices`. */
export function choiceFlag<T extends string>(
  { values }: ParsedFlags,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw new UsageError(`--${name} is one of ${choices.join(", ")}`);
  return choice;
}
