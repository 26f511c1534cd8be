/**
 * Where do transfers go? `/<sandbox directory>/<destination path>/<target path>`, always, and by this file alone. What it gives
 * is only names; that no symlink leads out of the root is held by the operating system when they are opened (package
 * `platform`, beneath-root).
 */
import { JetStreamError } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';
import { isPartialName } from './partial-name.ts';
import { checkPathLength, splitPath } from './path-components.ts';
import { expandSandboxDirectory, type PathUser } from './sandbox-directory.ts';

export interface PathRuleOptions {
  /** Of the server; may hold `%u %d %f %%`. Default: none, the system's root. */
  sandboxDirectory?: string | undefined;
  /** Of the transfer. Default: none. */
  destinationPath?: string | undefined;
  user: PathUser;
}

export interface ResolvedTarget {
  /** The sandbox directory with the user's names in it, or "/". Absolute, normal. */
  root: string;
  /** Names that lead from the root to the target; at least one. */
  components: string[];
}

/** The rule with everything but the target path settled. */
export interface TargetResolver {
  readonly root: string;
  /** @throws JetStreamError as `resolveTarget` */
  resolve(targetPath: string): string[];
}

/**
 * @throws JetStreamError `path-refused` for `..`, for an empty path and for the names of our partial files; `name-invalid` for
 * what no file system can store (NUL, lone surrogates, a name over 255 bytes, a path over 4,096 bytes)
 */
export function resolveTarget(options: PathRuleOptions & { targetPath: string }): ResolvedTarget {
  const resolver = createTargetResolver(options);
  return { root: resolver.root, components: resolver.resolve(options.targetPath) };
}

/** @throws JetStreamError when sandbox directory or destination path are refused, as `resolveTarget` */
export function createTargetResolver(options: PathRuleOptions): TargetResolver {
  const { sandboxDirectory, destinationPath, user } = options;
  const sandbox = sandboxDirectory === undefined ? [] : expandSandboxDirectory(sandboxDirectory, user);
  const root = `/${sandbox.join('/')}`;
  const destination = splitTargetPath(destinationPath ?? '');
  return {
    root,
    resolve(targetPath) {
      const target = splitTargetPath(targetPath);
      if (target.length === 0) {
        throw new JetStreamError(
          'path-refused',
          `"${escapeName(targetPath)}" names no file; give a target path`,
          {
            subject: targetPath,
          },
        );
      }
      const components = destination.length === 0 ? target : [...destination, ...target];
      checkPathLength(`/${components.join('/')}`, sandbox.length === 0 ? '' : root);
      return components;
    },
  };
}

/** @throws JetStreamError as `resolveTarget`, but takes the empty path */
export function splitTargetPath(path: string): string[] {
  const components = splitPath(path);
  if (components.some(isPartialName)) {
    throw new JetStreamError(
      'path-refused',
      `${escapeName(path)}: names of the form .NAME.jspart-… are kept for unfinished files; rename it`,
      { subject: path },
    );
  }
  return components;
}
