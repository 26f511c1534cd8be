import { bashScript } from './bash.ts';
import type { CompletedCommand } from './completed-command.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

export type { CompletedCommand, CompletedOption } from './completed-command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/**
 * A script that makes a shell complete the command lines of a program: it asks nobody when it runs, for that has to be quick.
 * @param program name of the program; letters, digits and dashes, like all words that are completed
 */
export function completionScript(shell: Shell, program: string, command: CompletedCommand): string {
  return SCRIPTS[shell](program, command);
}
