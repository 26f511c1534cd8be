import { commandOptions, type OptionKind } from '@jetstream/core/api-client';

interface DescribedOption {
  kind: OptionKind;
  /** What stands for its value; '' for none. */
  value: string;
  /** What may be given, where that is a choice. */
  choices?: readonly string[];
  describe: string;
}

/** Before the command. */
export const API_OPTIONS: Record<string, DescribedOption> = {
  host: { kind: 'text', value: 'HOST', describe: 'Server [default: localhost]' },
  'api-control-port': { kind: 'number', value: 'PORT', describe: 'TCP port of its API [default: 8886]' },
  user: { kind: 'text', value: 'USER', describe: 'Log in as USER [default: who runs this]' },
  identity: { kind: 'text', value: 'FILE', describe: 'Private key to log in with, and no other' },
  superuser: { kind: 'boolean', value: '', describe: 'Raise the session to superuser first' },
  wrangler: { kind: 'boolean', value: '', describe: 'Raise the session to wrangler first' },
  'accept-new': {
    kind: 'boolean',
    value: '',
    describe: 'Remember the certificate of a server not seen before',
  },
  help: { kind: 'boolean', value: '', describe: 'Print this, and exit; after a command: about the command' },
};

/** After any command, beside its own. */
export const COMMON_OPTIONS: Record<string, DescribedOption> = {
  parameters: {
    kind: 'json',
    value: 'JSON',
    describe: 'All parameters as one JSON object; single ones win over it',
  },
  help: { kind: 'boolean', value: '', describe: 'Print this, and exit' },
};

/** After …Async. */
export const ASYNC_OPTIONS: Record<string, DescribedOption> = {
  wait: {
    kind: 'boolean',
    value: '',
    describe: 'Wait for the work, and print its result in place of requestId',
  },
};

export const EVENTS = commandOptions('subscribe').find(({ name }) => name === 'events')!.choices;

/** `watch` is no command of the server. */
export const WATCH_OPTIONS: Record<string, DescribedOption> = {
  events: {
    kind: 'list',
    value: 'NAME…',
    choices: EVENTS,
    describe: `These events alone: ${EVENTS.join(', ')}`,
  },
  help: { kind: 'boolean', value: '', describe: 'Print this, and exit' },
};

export const WATCH_SUMMARY = 'Print events as they happen, one JSON object a line, until Ctrl-C';
