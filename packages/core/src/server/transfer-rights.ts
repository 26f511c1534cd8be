import { Direction, JetStreamError, type OpenTransfer } from '@jetstream/protocol';
import type { SourceList, SourcePage } from '../content/source-list.ts';
import type { LoginRestrictions } from '../service/logins/token-verifier.ts';
import { requirePermission } from '../service/tokens/permissions.ts';

/** What a login by token leaves of a transfer that its client opens. */
export interface TransferRights {
  /** Directory within what the account sees; null: all of that. */
  path: string | null;
  /** Shared link whose files are sent, instead of those that are named. */
  sharedToken: string | undefined;
}

/** @throws JetStreamError `permission-denied` */
export function transferRights(
  restrictions: LoginRestrictions | undefined,
  { direction, sourcePaths, verify }: OpenTransfer,
): TransferRights {
  if (restrictions === undefined) return { path: null, sharedToken: undefined };
  const isUpload = direction === Direction.UPLOAD;
  if ('sharedToken' in restrictions) {
    // TR-8.
    if (isUpload || sourcePaths.length !== 1 || sourcePaths[0] !== '/') {
      throw new JetStreamError(
        'permission-denied',
        'a shared link is downloaded as a whole, and nothing else',
      );
    }
    return { path: null, sharedToken: restrictions.sharedToken };
  }
  // To compare tells what stands there.
  requirePermission(restrictions, isUpload && !verify ? 'upload' : 'download');
  return { path: restrictions.path, sharedToken: undefined };
}

/** The files of a link as those of the first, and only, source of a download. */
export class LinkedFiles implements SourceList {
  readonly #files: SourceList;

  constructor(files: SourceList) {
    this.#files = files;
  }

  async next(): Promise<SourcePage> {
    const page = await this.#files.next();
    const sources = page.sources.map((source) => ({
      ...source,
      target: `0/${source.target.replace(/^\/+/, '')}`,
    }));
    return { ...page, sources };
  }
}
