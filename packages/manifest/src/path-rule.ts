/**
 * Where do transfers go? `/<sandbox directory>/<destination path>/<target path>`, always, and by this file alone (and that of the
 * sandbox rule). What it gives is only names; that no symlink leads out of the root is held by the operating system when they are opened (package
 * `platform`, beneath-root).
 */
import { JetStreamError } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';
import { isPartialName } from './partial-name.ts';
import { checkPathLength, splitPath } from './path-components.ts';
import { placeInSandbox, type SandboxMount, type SandboxRule, SYSTEM_ROOT } from './sandbox-rule.ts';

export interface PathRuleOptions {
  /** Default: none, the system's root. */
  sandbox?: SandboxRule | undefined;
  /** Of the transfer. Default: none. */
  destinationPath?: string | undefined;
}

export interface ResolvedTarget {
  /** The part of the sandbox that the target lies in. */
  mount: SandboxMount;
  /** Names that lead from the root that the user sees to the target. The first may be that of the mount. */
  components: string[];
  /** Names that lead from the root of the mount to the target. */
  beneath: readonly string[];
}

/** The rule with everything but the target path settled. */
export interface TargetResolver {
  /**
   * @returns names that lead from the root that the user sees to the target; at least one
   * @throws JetStreamError as `resolveTarget`
   */
  resolve(targetPath: string): string[];
}

/**
 * @throws JetStreamError `path-refused` for `..`, for an empty path, for the names of our partial files and for what no folder of the
 * sandbox has; `name-invalid` for what no file system can store (NUL, lone surrogates, a name over 255 bytes, a path over 4,096 bytes)
 */
export function resolveTarget(options: PathRuleOptions & { targetPath: string }): ResolvedTarget {
  const components = createTargetResolver(options).resolve(options.targetPath);
  const { mount, components: beneath } = placeInSandbox(options.sandbox ?? SYSTEM_ROOT, components)!;
  return { mount, components, beneath };
}

/** @throws JetStreamError when the destination path is refused, as `resolveTarget` */
export function createTargetResolver({
  sandbox = SYSTEM_ROOT,
  destinationPath,
}: PathRuleOptions): TargetResolver {
  const destination = splitTargetPath(destinationPath ?? '');
  if (destination.length > 0) placeInSandbox(sandbox, destination);
  return {
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
      const { root } = placeInSandbox(sandbox, components)!.mount;
      checkPathLength(`/${components.join('/')}`, root === undefined || root === '/' ? '' : root);
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
