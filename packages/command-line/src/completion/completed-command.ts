/** An option, as far as completion goes. Values that are not among `values` are left to the shell, which offers files. */
export interface CompletedOption {
  /** How many words behind it are its values: none, one, one if it is among `values`, or all up to the next option. */
  takes: 'none' | 'one' | 'known' | 'many';
  values?: readonly string[];
}

/** A program, or one of its commands. */
export interface CompletedCommand {
  /** By the word that is written, dashes included. */
  options: Readonly<Record<string, CompletedOption>>;
  commands?: Readonly<Record<string, CompletedCommand>>;
  /** Other names that it goes by. */
  aliases?: readonly string[];
  /** Whether what is no option is a file. */
  takesFiles?: boolean;
}

/** A rule of a script: at the words of any of `patterns`. A pattern is the path of a command, and an option or a command behind it. */
export interface Rule<Outcome> {
  patterns: string[];
  outcome: Outcome;
}

/** What a script has to know, in tables. */
export interface CompletionTables {
  /** What an option takes, where that is something. */
  options: Rule<CompletedOption>[];
  /** Where a command leads: its path. */
  commands: Rule<string>[];
  /** What is offered at the path of a command: options where one was begun, or where there is nothing else. */
  offers: Rule<{ options: readonly string[]; others: readonly string[] }>[];
}

/** @param program its name, which is the first word of each path */
export function completionTables(program: string, command: CompletedCommand): CompletionTables {
  const all = [...descend(program, command)];
  return {
    options: optionRules(all),
    commands: all.slice(1).map(([path, { aliases = [] }]) => ({
      patterns: [path, ...aliases.map((alias) => path.replace(/[^ ]*$/, alias))],
      outcome: path,
    })),
    offers: all.map(([path, { options, commands = {}, takesFiles = false }]) => {
      const names = Object.keys(options);
      const others = Object.keys(commands);
      return {
        patterns: [path],
        outcome: { options: names, others: others.length > 0 || takesFiles ? others : names },
      };
    }),
  };
}

function* descend(path: string, command: CompletedCommand): Generator<[string, CompletedCommand]> {
  yield [path, command];
  for (const [name, below] of Object.entries(command.commands ?? {}))
    yield* descend(`${path} ${name}`, below);
}

/** One rule for all options that are alike; `* --name` stands for one that is the same wherever it is. */
function optionRules(all: readonly [string, CompletedCommand][]): Rule<CompletedOption>[] {
  const places = all.flatMap(([path, { options }]) =>
    Object.entries(options).map(([name, option]) => ({ path, name, option, key: JSON.stringify(option) })),
  );
  const rules = new Map<string, Rule<CompletedOption>>();
  for (const { path, name, option, key } of places) {
    if (option.takes === 'none') continue;
    const isSame = places.every((other) => other.name !== name || other.key === key);
    const pattern = `${isSame ? '*' : path} ${name}`;
    const rule = rules.get(key) ?? { patterns: [], outcome: option };
    rules.set(key, rule);
    if (!rule.patterns.includes(pattern)) rule.patterns.push(pattern);
  }
  return [...rules.values()];
}
