import { JetStreamError } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';
import { isPartialName } from './partial-name.ts';
import { splitPath } from './path-components.ts';
import {
  checkSandboxDirectory,
  expandSandboxDirectory,
  fixedComponents,
  type PathUser,
} from './sandbox-directory.ts';

/**
 * Which directories of the machine somebody sees, by the name that each has for them: "" is their root itself, any other name a folder in it.
 * Values may hold `%u %d %f %%`.
 */
export type SandboxMapping = Readonly<Record<string, string>>;

/** Folders that one mapping may have. */
export const MAX_SANDBOX_MOUNTS = 1_000;

/** A mapping with the names of one user in it: what that user can reach. Plain data. */
export interface SandboxRule {
  /** At least one; each name once. */
  readonly mounts: readonly SandboxMount[];
}

export interface SandboxMount {
  /** Of the folder at the top of what the user sees; empty: all that no other mount has. */
  readonly name: string;
  /** Absolute and normal; undefined: the system's root, where symlinks lead where the system says. */
  readonly root: string | undefined;
  /** Leading components of `root` that are the administrator's alone; in all others no symlink is followed. */
  readonly fixedComponents: number;
}

/** No sandbox: all of the machine that the account's rights allow. */
export const SYSTEM_ROOT: SandboxRule = { mounts: [{ name: '', root: undefined, fixedComponents: 0 }] };

/**
 * Checks the form of a mapping.
 * @throws JetStreamError `invalid-argument`
 */
export function checkSandboxMapping(mapping: SandboxMapping): void {
  const names = Object.keys(mapping);
  if (names.length === 0 || names.length > MAX_SANDBOX_MOUNTS) {
    throw new JetStreamError(
      'invalid-argument',
      `a sandbox mapping has 1 to ${MAX_SANDBOX_MOUNTS} directories, not ${names.length}`,
    );
  }
  for (const name of names) {
    if (!isFolderName(name)) {
      throw new JetStreamError(
        'invalid-argument',
        `sandbox mapping: "${escapeName(name)}" is no name of a folder; use "" for all, or one name without "/"`,
        { subject: name },
      );
    }
    checkSandboxDirectory(mapping[name]!);
  }
}

/** @throws JetStreamError as `expandSandboxDirectory` */
export function expandSandboxMapping(mapping: SandboxMapping, user: PathUser): SandboxRule {
  return {
    mounts: Object.entries(mapping).map(([name, template]) => ({
      name,
      root: `/${expandSandboxDirectory(template, user).join('/')}`,
      fixedComponents: fixedComponents(template),
    })),
  };
}

/** Where names that a user sees lead: to a mount, and from its root. */
export interface SandboxPlace {
  mount: SandboxMount;
  components: readonly string[];
}

/**
 * @returns undefined for what is above all mounts: the root of a user who has nothing but folders
 * @throws JetStreamError `path-refused` when no mount has it
 */
export function placeInSandbox(
  { mounts }: SandboxRule,
  components: readonly string[],
): SandboxPlace | undefined {
  const [first, ...rest] = components;
  const folder = first !== undefined && first !== '' && mounts.find(({ name }) => name === first);
  if (folder) return { mount: folder, components: rest };
  const all = mounts.find(({ name }) => name === '');
  if (all !== undefined) return { mount: all, components };
  if (first === undefined) return undefined;
  const path = `/${components.join('/')}`;
  const folders = mounts.map(({ name }) => `/${escapeName(name)}`).join(', ');
  throw new JetStreamError(
    'path-refused',
    `${escapeName(path)} lies in no folder that is open to this account; choose one of ${shorten(folders)}`,
    { subject: path },
  );
}

/** The path at this machine, for what has to tell files apart; not for messages. */
export function pathInSandbox(rule: SandboxRule, components: readonly string[]): string {
  const place = placeInSandbox(rule, components);
  if (place === undefined) return '/';
  const { root } = place.mount;
  return `${root === undefined || root === '/' ? '' : root}/${place.components.join('/')}`;
}

/**
 * A part of what a rule opens, as a root of its own. Nothing above it can be reached then, and no symlink in `path` is followed beyond what
 * the administrator set.
 * @param path as the user of the rule sees it; empty or "/": all of it
 * @throws JetStreamError `path-refused`, `name-invalid`
 */
export function narrowSandbox(rule: SandboxRule, path: string): SandboxRule {
  const components = splitPath(path);
  const place = components.length === 0 ? undefined : placeInSandbox(rule, components);
  if (place === undefined) return rule;
  const { root, fixedComponents: fixed } = place.mount;
  const parts = [...(root ?? '/').split('/').filter((part) => part !== ''), ...place.components];
  return { mounts: [{ name: '', root: `/${parts.join('/')}`, fixedComponents: fixed }] };
}

function isFolderName(name: string): boolean {
  if (name === '') return true;
  try {
    return splitPath(name).length === 1 && !name.includes('/') && !isPartialName(name);
  } catch {
    return false;
  }
}

function shorten(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 500)}…`;
}
