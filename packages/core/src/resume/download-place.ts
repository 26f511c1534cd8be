import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Names the place that downloads come to, so that the same one has the same name again, whether its directories stand already or
 * not, and by whichever symbolic links it is reached.
 * @param localTargets absolute, at least one
 * @returns 32 hex digits
 */
export function downloadPlace(localTargets: readonly string[]): string {
  const place = localTargets.map((target) => canonical(dirname(target))).reduce(commonParent);
  return createHash('sha256').update(place).digest('hex').slice(0, 32);
}

/** With all symbolic links followed, as far as it stands. */
function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(canonical(parent), basename(path));
  }
}

function commonParent(one: string, other: string): string {
  const names = other.split('/');
  const common = one.split('/').findIndex((name, at) => name !== names[at]);
  return common === -1 ? one : one.split('/').slice(0, common).join('/') || '/';
}
