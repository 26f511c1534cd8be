import { escapeName } from './escape-name.ts';

/** A path at the source, sharing memory with the paths above it: a million files keep one object for each directory. */
export interface SourcePath {
  readonly parent: SourcePath | undefined;
  /** From `parent`, or from the root where there is none. */
  readonly components: readonly string[];
  /** Of what is in it, the target path is this, "/" and the name; undefined where mappings name each target. */
  readonly targetPath: string | undefined;
}

/** Components of a path, or of a name in it, from the root. */
export function sourceComponents(path: SourcePath, name?: string): string[] {
  const parts: (readonly string[])[] = name === undefined ? [] : [[name]];
  for (let at: SourcePath | undefined = path; at !== undefined; at = at.parent) parts.push(at.components);
  return parts.reverse().flat();
}

/** For people: absolute beneath the root, escaped. */
export function displayPath(components: readonly string[]): string {
  return escapeName(`/${components.join('/')}`);
}
