import { readlinkSync, type Stats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { systemError } from '../ffi.ts';
import type { FileName, SymlinkRule } from './contract.ts';
import { childPath, showPath } from './file-name.ts';
import { escapeRefused } from './path-resolver.ts';

/** A place that the walk has reached: an open descriptor, or a path where there is no better. */
export interface Foothold {
  readonly location: string;
  readonly stats: Stats;
  close(): void;
}

/** How a walk moves. */
export interface Footing<Place extends Foothold> {
  /** A directory by a path that may be followed. */
  directory(path: string): Place;
  /** What stands at `name`, not followed. */
  child(from: Place, name: FileName): Place;
}

/** As the kernel's own limit (path_resolution(7)). */
const MAX_SYMLINKS = 40;
/** Each `..` of a link's text starts the walk anew, so their number is bounded. */
const MAX_RESTARTS = 256;
/** How often one name may turn out to be no link after all when its text is read. */
const MAX_LINK_RACES = 64;
const ENOTDIR = 20;
const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Resolves a path by hand: each component is entered from the one before and never followed; the text of a symlink is
 * put in front of what is left of the path. As Go's os.Root does it. One walk per instance.
 */
export class Walk<Place extends Foothold> {
  private readonly footing: Footing<Place>;
  private readonly base: string;
  private readonly components: readonly FileName[];
  private readonly symlinks: SymlinkRule;
  /** Still to be resolved, next one last. */
  private readonly pending: FileName[];
  /** Real names from the base to where we stand; what a `..` takes the last of. */
  private resolved: FileName[] = [];
  private current: Place;
  private links = 0;
  private restarts = 0;

  /** @param base location of the directory where the path begins, and which it does not leave by rule `beneath` */
  constructor(footing: Footing<Place>, base: string, components: readonly FileName[], symlinks: SymlinkRule) {
    this.footing = footing;
    this.base = base;
    this.components = components;
    this.symlinks = symlinks;
    this.pending = components.toReversed();
    this.current = footing.directory(`${base}/.`);
  }

  /** The end of the path; nothing else stays open. */
  run(mustBeDirectory: boolean): Place {
    try {
      for (let name = this.pending.pop(); name !== undefined; name = this.pending.pop()) {
        if (name.length === 0 || isDot(name)) continue;
        if (isDotDot(name)) this.stepUp();
        else this.stepInto(name, mustBeDirectory || this.pending.length > 0);
      }
      return this.current;
    } catch (error) {
      this.current.close();
      throw error;
    }
  }

  private stepInto(name: FileName, mustBeDirectory: boolean): void {
    for (let attempt = 0; attempt < MAX_LINK_RACES; attempt++) {
      const child = this.footing.child(this.current, name);
      if (!child.stats.isSymbolicLink()) {
        this.moveTo(child);
        if (mustBeDirectory && !child.stats.isDirectory()) {
          throw systemError(ENOTDIR, 'open', showPath(this.components));
        }
        this.resolved.push(name);
        return;
      }
      child.close();
      const text = linkText(childPath(this.current.location, name));
      if (!text) continue;
      this.follow(text);
      return;
    }
    throw escapeRefused(this.components);
  }

  private follow(text: Buffer): void {
    if (this.symlinks === 'refuse' || ++this.links > MAX_SYMLINKS) throw escapeRefused(this.components);
    if (isAbsolute(text.toString())) {
      if (this.symlinks !== 'system') throw escapeRefused(this.components);
      this.moveTo(this.footing.directory('/'));
    }
    this.pending.push(...splitPath(text).reverse());
  }

  /**
   * Beneath a root, the parent of the directory where we stand may by now be anywhere: walk to it from the base instead.
   * Without one, `..` means what the system means.
   */
  private stepUp(): void {
    if (this.symlinks === 'system') {
      this.moveTo(this.footing.directory(`${this.current.location}/..`));
      return;
    }
    if (this.resolved.length === 0 || ++this.restarts > MAX_RESTARTS) throw escapeRefused(this.components);
    this.resolved.pop();
    this.pending.push(...this.resolved.reverse());
    this.resolved = [];
    this.moveTo(this.footing.directory(`${this.base}/.`));
  }

  private moveTo(place: Place): void {
    this.current.close();
    this.current = place;
  }
}

/** undefined: it is no link any more. */
function linkText(path: FileName): Buffer | undefined {
  try {
    return readlinkSync(path, { encoding: 'buffer' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
    throw error;
  }
}

function splitPath(text: Buffer): Buffer[] {
  if (process.platform === 'win32') text = Buffer.from(text.toString().replaceAll('\\', '/'));
  const names: Buffer[] = [];
  for (let start = 0; start <= text.length; ) {
    const slash = text.indexOf(SLASH, start);
    const end = slash < 0 ? text.length : slash;
    names.push(text.subarray(start, end));
    start = end + 1;
  }
  return names;
}

/** Only the text of a link has these: components were checked. */
function isDot(name: FileName): boolean {
  return name instanceof Buffer && name.length === 1 && name[0] === DOT;
}

function isDotDot(name: FileName): boolean {
  return name instanceof Buffer && name.length === 2 && name[0] === DOT && name[1] === DOT;
}
