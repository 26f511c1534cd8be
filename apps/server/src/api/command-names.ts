import { COMMANDS, type CommandName, isCommandName } from '@jetstream/core/api-client';
import { usage } from './usage.ts';

/** Pushed over a WebSocket: here it is `watch`. */
const NOT_HERE: readonly string[] = ['subscribe', 'unsubscribe'];

export const COMMAND_NAMES = (Object.keys(COMMANDS) as CommandName[]).filter(
  (name) => !NOT_HERE.includes(name),
);

/** As one would type it: without `send.` or `recv.`. */
export function shortName(name: CommandName): string {
  const short = name.replace(/^(send|recv)\./, '');
  return COMMAND_NAMES.some((other) => other !== name && other.endsWith(`.${short}`)) || isOther(short, name)
    ? name
    : short;
}

function isOther(short: string, name: CommandName): boolean {
  return short !== name && isCommandName(short);
}

/** The command that is meant, with or without its prefix. @throws JetStreamError `invalid-argument` */
export function findCommand(word: string): CommandName {
  const found =
    COMMAND_NAMES.find((name) => name === word) ?? COMMAND_NAMES.find((name) => shortName(name) === word);
  if (found) return found;
  throw usage(`there is no command ${JSON.stringify(word)}`);
}
