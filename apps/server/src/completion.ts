import {
  type CompletedCommand,
  type CompletedOption,
  completionScript,
  SHELLS,
} from '@jetstream/command-line/completion';
import { type CommandOption, commandDefinition, commandOptions } from '@jetstream/core/api-client';
import { JetStreamError } from '@jetstream/protocol';
import { API_OPTIONS, ASYNC_OPTIONS, COMMON_OPTIONS, WATCH_OPTIONS } from './api/api-options.ts';
import { COMMAND_NAMES, shortName } from './api/command-names.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { SERVER_OPTIONS } from './server-option-table.ts';

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
  process.stdout.write(completionScript(known, 'jetstream', jetstream()));
  return EXIT_CODES.ok.status;
}

const HELP = `Usage: jetstream completion bash|zsh|fish

Prints what makes a shell complete commands and options of jetstream. To have it always:
  bash: echo 'source <(jetstream completion bash)' >> ~/.bashrc
  zsh:  echo 'source <(jetstream completion zsh)' >> ~/.zshrc
  fish: jetstream completion fish > ~/.config/fish/completions/jetstream.fish

The same for jscp: jscp --completion bash|zsh|fish
`;

const SWITCH: CompletedOption = { takes: 'none' };

/** The program as it is completed. */
export function jetstream(): CompletedCommand {
  return {
    options: { '--help': SWITCH, '--version': SWITCH },
    commands: {
      server: server(),
      api: api(),
      completion: {
        options: { '--help': SWITCH },
        commands: Object.fromEntries(SHELLS.map((name) => [name, { options: {} }])),
      },
    },
  };
}

function server(): CompletedCommand {
  const options = Object.entries(SERVER_OPTIONS).map(
    ([name, { isFlag, choices }]): [string, CompletedOption] => [
      `--${name}`,
      isFlag
        ? { takes: 'known', values: ['yes', 'no'] }
        : { takes: 'one', ...(choices && { values: choices }) },
    ],
  );
  return { options: { ...Object.fromEntries(options), '--config': { takes: 'one' }, '--help': SWITCH } };
}

function api(): CompletedCommand {
  const commands = COMMAND_NAMES.map((name): [string, CompletedCommand] => {
    const own = commandOptions(name).map((option) => [`--${option.name}`, completed(option)]);
    const more = { ...(commandDefinition(name).work && ASYNC_OPTIONS), ...COMMON_OPTIONS };
    const short = shortName(name);
    return [
      short,
      {
        options: { ...Object.fromEntries(own), ...described(more) },
        ...(short !== name && { aliases: [name] }),
      },
    ];
  });
  return {
    options: described(API_OPTIONS),
    commands: { ...Object.fromEntries(commands), watch: { options: described(WATCH_OPTIONS) } },
  };
}

function described(options: typeof API_OPTIONS): Record<string, CompletedOption> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      `--${name}`,
      name === 'help' ? SWITCH : completed(option),
    ]),
  );
}

function completed({
  kind,
  choices = [],
  isNullable = false,
}: Pick<CommandOption, 'kind'> & Partial<Pick<CommandOption, 'choices' | 'isNullable'>>): CompletedOption {
  if (kind === 'boolean') return { takes: 'known', values: ['true', 'false'] };
  const values = isNullable && choices.length > 0 ? [...choices, 'null'] : choices;
  return { takes: kind === 'list' || kind === 'map' ? 'many' : 'one', ...(values.length > 0 && { values }) };
}
