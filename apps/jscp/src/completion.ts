import { type CompletedOption, completionScript, type Shell } from '@jetstream/command-line/completion';
import { OPTIONS } from './option-table.ts';

/** What makes a shell complete options of jscp and their values; files are the shell's own, remote ones are not offered. */
export function completion(shell: Shell): string {
  return completionScript(shell, 'jscp', { options: Object.fromEntries(options()), takesFiles: true });
}

function* options(): Generator<[string, CompletedOption]> {
  for (const [name, option] of Object.entries(OPTIONS)) {
    const { type, choices, alias } = option as { type?: string; choices?: readonly string[]; alias?: string };
    const completed: CompletedOption = {
      takes: type === 'boolean' ? 'none' : 'one',
      ...(choices && { values: choices }),
    };
    for (const word of [name, ...(alias === undefined ? [] : [alias])]) {
      yield [`${word.length === 1 ? '-' : '--'}${word}`, completed];
    }
  }
}
