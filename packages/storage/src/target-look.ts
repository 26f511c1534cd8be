import { chunkCount, displayPath, partialName } from '@jetstream/manifest';
import { type ErrorCode, JetStreamError } from '@jetstream/protocol';
import type { FileStatus } from './file-system.ts';
import type { HandleCache } from './handle-cache.ts';
import { HeldTimes } from './held-time.ts';
import type { OverwriteMode, SkipRule } from './overwrite-mode.ts';
import { type Approach, approach } from './standing-target.ts';
import type { TargetFile } from './target-file.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';

export interface TargetLookOptions {
  overwrite: OverwriteMode;
  skip: SkipRule;
  transferId: string;
}

/** What is to be done about a file, and what stood at its target. */
export interface Look {
  standing: FileStatus | undefined;
  approach: Exclude<Approach, { does: 'refuse' }>;
}

/** Looks once at each target, before anything is sent: at its status alone. */
export class TargetLook {
  readonly #tree: TargetTree;
  readonly #handles: HandleCache;
  readonly #options: TargetLookOptions;
  readonly #times: HeldTimes;

  constructor(tree: TargetTree, handles: HandleCache, options: TargetLookOptions) {
    this.#tree = tree;
    this.#handles = handles;
    this.#options = options;
    this.#times = new HeldTimes(partialName('time', `${options.transferId}-time`));
  }

  /**
   * Makes the file's directory where it is missing.
   * @throws JetStreamError why the file cannot be put there
   */
  at(file: TargetFile): Look {
    const standing = this.#tree.open(file.directory).status(file.name);
    const isOneChunk = file.size === 0 || chunkCount(file) === 1;
    const found = approach(standing, { size: file.size, isOneChunk }, this.#options, (status) =>
      this.#handles.attempt(() => this.#times.isAsCopied(status, file, this.#tree.open(file.directory))),
    );
    if (found.does === 'refuse') throw targetRefused(file, found.code, found.what);
    return { standing, approach: found };
  }
}

export function targetRefused(
  { directory, name }: Pick<TargetFile, 'directory' | 'name'>,
  code: ErrorCode,
  what: string,
): JetStreamError {
  const components = componentsOf(directory, name);
  return new JetStreamError(code, `${displayPath(components)}: ${what}`, {
    subject: `/${components.join('/')}`,
  });
}
