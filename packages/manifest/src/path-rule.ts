/**
 * Where do transfers go? `/<sandbox directory>/<destination path>/<target path>`, always, and by this file alone (and that of the
 * sandbox rule). What it gives is only names; that no symlink leads out of the root is held by the operating system when they are opened (package
 * `platform`, beneath-root).
 */
import { JetStreamError, MAX_PATH_BYTES } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';
import { isPartialName } from './partial-name.ts';
import { checkPathLength, isShortComponent, MAX_COMPONENT_BYTES, splitPath } from './path-components.ts';
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
  const roots = sandbox.mounts.map(({ root }) => root?.length ?? 0);
  const lengthBefore = Math.max(...roots) + (destinationPath?.length ?? 0);
  const resolveWhole = (targetPath: string): string[] => {
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
  };
  return settlingSiblings(resolveWhole, (path) => hasRoomForAnyName(lengthBefore + path.length));
}

/**
 * Targets in one directory come on end: what leads to it is settled once for all of them that have short names.
 * @param hasRoom whether any such name may take the place of the last in this path
 */
function settlingSiblings(
  resolveWhole: (targetPath: string) => string[],
  hasRoom: (path: string) => boolean,
): TargetResolver {
  /** The target path of the directory, with the slash at its end, and what leads to it. */
  let siblings: { path: string; components: readonly string[] } | undefined;
  return {
    resolve(targetPath) {
      const nameAt = targetPath.lastIndexOf('/') + 1;
      const name = targetPath.slice(nameAt);
      const isOrdinary = isShortComponent(name) && !isPartialName(name);
      const isSibling = nameAt === siblings?.path.length && targetPath.startsWith(siblings.path);
      if (isOrdinary && isSibling) return [...siblings!.components, name];
      const components = resolveWhole(targetPath);
      // The first component says which mount it is.
      const isKept = isOrdinary && components.length > 1 && hasRoom(targetPath);
      siblings = isKept
        ? { path: targetPath.slice(0, nameAt), components: components.slice(0, -1) }
        : undefined;
      return components;
    },
  };
}

/** @param length of all that leads to it, in UTF-16 units */
function hasRoomForAnyName(length: number): boolean {
  return 3 * length + MAX_COMPONENT_BYTES <= MAX_PATH_BYTES;
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
