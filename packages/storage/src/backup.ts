import { backupName, displayPath, partialName } from '@jetstream/manifest';
import { asFileFailure } from './errno.ts';
import type { TargetFile } from './target-file.ts';
import { targetRefused } from './target-look.ts';
import { componentsOf, type TargetTree } from './target-tree.ts';

/**
 * Keeps what stands at a target as `NAME.jetbak`, in place of an older backup. It goes by way of a second name, so that the target is there all
 * the time; where a file system has no second names, or does not let us give one, it cannot be done.
 * @param id of a name for a moment
 * @throws JetStreamError
 */
export function backUp(file: TargetFile, tree: TargetTree, id: string): void {
  const { directory, name } = file;
  const standing = tree.open(directory).status(name);
  if (standing === undefined) return;
  const backup = backupName(name);
  // By a run that was killed just then. To rename one name of a file to another does nothing.
  if (tree.open(directory).status(backup)?.inode === standing.inode) return;
  if (tree.isTaken(directory, backup)) {
    const shown = displayPath(componentsOf(directory, backup));
    throw targetRefused(file, 'already-exists', `its backup would replace ${shown} of the same transfer`);
  }
  // Cut short it is another name than that of the partial file.
  const passing = partialName(`jetbak-${name}`, id);
  tree.link(directory, name, passing);
  try {
    tree.rename(directory, passing, backup);
  } catch (error) {
    remove(tree, directory, passing);
    throw error;
  }
}

function remove(tree: TargetTree, directory: TargetFile['directory'], name: string): void {
  try {
    tree.open(directory).remove(name);
  } catch (error) {
    asFileFailure(error);
  }
}
