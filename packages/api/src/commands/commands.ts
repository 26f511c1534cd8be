import type * as z from 'zod';
import type { CommandDefinition } from './definition.ts';
import { DESTINATION_COMMANDS } from './destinations.ts';
import { FILE_COMMANDS } from './files.ts';
import { MANIFEST_COMMANDS } from './manifests.ts';
import { RECEIVE_COMMANDS } from './receiving.ts';
import { SERVER_COMMANDS } from './server.ts';
import { SESSION_COMMANDS } from './session.ts';
import { API_TOKEN_COMMANDS, SHARED_TOKEN_COMMANDS } from './tokens.ts';
import { TRANSFER_COMMANDS } from './transfers.ts';

/** Every command of the API, by name. */
export const COMMANDS = {
  ...SESSION_COMMANDS,
  ...SERVER_COMMANDS,
  ...FILE_COMMANDS,
  ...API_TOKEN_COMMANDS,
  ...DESTINATION_COMMANDS,
  ...MANIFEST_COMMANDS,
  ...TRANSFER_COMMANDS,
  ...SHARED_TOKEN_COMMANDS,
  ...RECEIVE_COMMANDS,
} as const satisfies Record<string, CommandDefinition>;

export type CommandName = keyof typeof COMMANDS;
/** Of the HTTPS server itself: no handler is asked for them. */
export type SessionCommandName = keyof typeof SESSION_COMMANDS;

/** What a handler is given: checked, with defaults put in. */
export type Parameters<C extends CommandName> = z.output<(typeof COMMANDS)[C]['parameters']>;
/** What a caller may give. */
export type Arguments<C extends CommandName> = z.input<(typeof COMMANDS)[C]['parameters']>;
/** What the answer says: for …Async a Request. */
export type Answer<C extends CommandName> = z.output<(typeof COMMANDS)[C]['result']>;
/** What a handler gives: for …Async what the work gives in the end; the HTTPS server makes a request of it. */
export type Result<C extends CommandName> = (typeof COMMANDS)[C] extends { work: infer W extends z.ZodType }
  ? z.output<W>
  : Answer<C>;

export function isCommandName(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** The definition with its members as an interface, for those who treat all commands alike. */
export function commandDefinition(name: CommandName): CommandDefinition {
  return COMMANDS[name];
}
