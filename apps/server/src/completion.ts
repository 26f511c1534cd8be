import { commandDefinition, commandOptions } from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';
import { API_OPTIONS, ASYNC_OPTIONS, COMMON_OPTIONS, WATCH_OPTIONS } from './api/api-options.ts';
import { COMMAND_NAMES, shortName } from './api/command-names.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { SERVER_OPTION_NAMES } from './server-options.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What may follow: by the words before, from `jetstream` on. */
interface Completions {
  /** After `jetstream`. */
  subcommands: string[];
  serverOptions: string[];
  apiOptions: string[];
  /** Of these, what needs a value. */
  apiOptionsWithValue: string[];
  /** Options of each command of `jetstream api`. */
  apiCommands: Map<string, string[]>;
}

/**
 * `jetstream completion SHELL`: prints a script for the shell to read.
 * @throws JetStreamError `invalid-argument`
 */
export async function runCompletion([shell, ...more]: readonly string[]): Promise<number> {
  if (shell === '--help') {
    process.stdout.write(HELP);
    return EXIT_CODES.ok.status;
  }
  const known = SHELLS.find((name) => name === shell);
  if (!known || more.length > 0) {
    throw new JetStreamError(
      'invalid-argument',
      `name one of ${SHELLS.join(', ')} (see jetstream completion --help)`,
    );
  }
  process.stdout.write(completionScript(known));
  return EXIT_CODES.ok.status;
}

const HELP = `Usage: jetstream completion bash|zsh|fish

Prints what makes a shell complete commands and options of jetstream. To have it always:
  bash: echo 'source <(jetstream completion bash)' >> ~/.bashrc
  zsh:  echo 'source <(jetstream completion zsh)' >> ~/.zshrc
  fish: jetstream completion fish > ~/.config/fish/completions/jetstream.fish
`;

export function completionScript(shell: (typeof SHELLS)[number]): string {
  const completions = collect();
  if (shell === 'fish') return fish(completions);
  // zsh reads completions of bash.
  return shell === 'zsh'
    ? `whence compdef >/dev/null || { autoload -Uz compinit; compinit; }\nautoload -Uz bashcompinit; bashcompinit\n${bash(completions)}`
    : bash(completions);
}

function collect(): Completions {
  const optionsOf = (described: Record<string, unknown>) => Object.keys(described).map((name) => `--${name}`);
  const apiCommands = new Map(
    COMMAND_NAMES.map((name) => {
      const own = commandOptions(name).map((option) => `--${option.name}`);
      const more = { ...(commandDefinition(name).work && ASYNC_OPTIONS), ...COMMON_OPTIONS };
      return [shortName(name), [...own, ...optionsOf(more)]];
    }),
  );
  apiCommands.set('watch', optionsOf(WATCH_OPTIONS));
  return {
    subcommands: ['server', 'api', 'completion', '--help', '--version'],
    serverOptions: [...SERVER_OPTION_NAMES.map((name) => `--${name}`), '--help'],
    apiOptions: optionsOf(API_OPTIONS),
    apiOptionsWithValue: Object.entries(API_OPTIONS).flatMap(([name, { value }]) =>
      value === '' ? [] : [`--${name}`],
    ),
    apiCommands,
  };
}

/** Names are letters, digits, dots and dashes: none needs quoting. */
function bash({
  subcommands,
  serverOptions,
  apiOptions,
  apiOptionsWithValue,
  apiCommands,
}: Completions): string {
  const cases = [...apiCommands].map(([name, options]) => `    ${name}) words="${options.join(' ')}" ;;`);
  return `_jetstream() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="" command="" at=2
  COMPREPLY=()
  case "\${COMP_WORDS[1]}" in
  api)
    while [ "$at" -lt "$COMP_CWORD" ]; do
      case "\${COMP_WORDS[at]}" in
      ${apiOptionsWithValue.join('|')}) at=$((at + 1)) ;;
      --*) ;;
      *) command="\${COMP_WORDS[at]#send.}"; command="\${command#recv.}"; break ;;
      esac
      at=$((at + 1))
    done
    case "$command" in
    "") words="${[...apiOptions, ...apiCommands.keys()].join(' ')}" ;;
${cases.join('\n')}
    esac ;;
  server) words="${serverOptions.join(' ')}" ;;
  completion) words="${SHELLS.join(' ')}" ;;
  *) words="${subcommands.join(' ')}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _jetstream jetstream
`;
}

function fish({ subcommands, serverOptions, apiOptions, apiCommands }: Completions): string {
  const names = [...apiCommands.keys()];
  const inApi = '__fish_seen_subcommand_from api';
  const lines = [
    ...subcommands
      .filter((name) => !name.startsWith('-'))
      .map((name) => `-f -n __fish_use_subcommand -a ${name}`),
    ...options('__fish_seen_subcommand_from server', serverOptions),
    `-f -n '__fish_seen_subcommand_from completion' -a '${SHELLS.join(' ')}'`,
    ...options(`${inApi}; and not __fish_seen_subcommand_from ${names.join(' ')}`, apiOptions),
    `-f -n '${inApi}; and not __fish_seen_subcommand_from ${names.join(' ')}' -a '${names.join(' ')}'`,
    ...[...apiCommands].flatMap(([name, own]) =>
      options(`${inApi}; and __fish_seen_subcommand_from ${name}`, own),
    ),
  ];
  return lines.map((line) => `complete -c jetstream ${line}\n`).join('');
}

function options(condition: string, names: readonly string[]): string[] {
  return names.map((name) => `-n '${condition}' -l ${name.slice(2)}`);
}
