import type { ApiCaller, ApiHandlers, Parameters, SharedToken, TokenPermissions } from '@jetstream/api';
import { JetStreamError } from '@jetstream/protocol';
import type { State } from '@jetstream/state';
import type { UploadSource } from '../../client/upload.ts';
import type { ServiceClock } from '../clock.ts';
import type { ServiceEvents } from '../events.ts';
import type { ManifestRecord } from '../manifests/record.ts';
import { requirePermission } from './permissions.ts';
import { describeToken, type SharedTokenRecord } from './record.ts';
import { TokenStore } from './token-store.ts';

/** What shared links need of manifests. */
export interface SharedManifests {
  get(manifestId: string): Readonly<ManifestRecord> | undefined;
  /** @throws JetStreamError `not-found` */
  find(manifestId: string, caller: ApiCaller): Readonly<ManifestRecord>;
  sourceOf(record: ManifestRecord): UploadSource;
}

export interface SharedTokensOptions {
  state: State;
  clock: ServiceClock;
  events: ServiceEvents;
  manifests: SharedManifests;
  isEnabled: boolean;
  onRevoked: () => void;
  /** Whether an API token, which made a link, is still good. */
  isTokenValid: (token: string) => boolean;
  /** Whether there is one still, good or not. */
  isTokenKept: (token: string) => boolean;
  linkOf: (secret: string, caller: ApiCaller) => Promise<string>;
}

type Commands = Pick<
  ApiHandlers,
  'send.createSharedToken' | 'send.getSharedToken' | 'send.getSharedTokens' | 'send.deleteSharedToken'
>;

/** Of one download: who never ends it has had it often enough. */
const MAX_BEGINNINGS = 100;

const PERMISSIONS: TokenPermissions = { upload: false, download: true, delete: false, share: false };

/** Shared links: whoever has one may download the files of one manifest, as its creator. */
export class SharedTokens {
  readonly commands: Commands;
  readonly store: TokenStore<SharedTokenRecord>;
  readonly #options: SharedTokensOptions;

  private constructor(options: SharedTokensOptions, store: TokenStore<SharedTokenRecord>) {
    this.#options = options;
    this.store = store;
    this.commands = {
      'send.createSharedToken': (parameters, caller) => this.#create(parameters, caller),
      'send.getSharedToken': ({ token }, caller) => describe(store.find(token, caller)),
      'send.getSharedTokens': ({ manifestId, ...filters }, caller) =>
        store
          .list(filters, caller, (record) => manifestId === undefined || record.manifestId === manifestId)
          .map((record) => describe(record)),
      'send.deleteSharedToken': async ({ token }, caller) => {
        await store.delete(store.find(token, caller));
        options.onRevoked();
        return null;
      },
    };
  }

  static async open(options: SharedTokensOptions): Promise<SharedTokens> {
    const { state, clock, events } = options;
    const records = await state.collection<SharedTokenRecord>('sharedTokens');
    return new SharedTokens(options, new TokenStore(records, clock, events, describe));
  }

  get isEnabled(): boolean {
    return this.#options.isEnabled;
  }

  /** One that lets in now. One that was made by an API token ends with that. */
  get(token: string): Readonly<SharedTokenRecord> | undefined {
    const record = this.isEnabled ? this.store.get(token) : undefined;
    const { isTokenValid } = this.#options;
    if (record === undefined || this.isUseless(record)) return undefined;
    return record.ownerToken === null || isTokenValid(record.ownerToken) ? record : undefined;
  }

  /** It will never let in again. */
  isUseless({ ownerToken, manifestId }: SharedTokenRecord): boolean {
    const { isTokenKept, manifests } = this.#options;
    return (ownerToken !== null && !isTokenKept(ownerToken)) || manifests.get(manifestId) === undefined;
  }

  /** What keeps a manifest. @returns for people, e.g. "shared link 3bc6…" */
  useOf(manifestId: string): string | undefined {
    for (const record of this.store.values()) {
      if (record.manifestId === manifestId) return `shared link ${record.token}`;
    }
    return undefined;
  }

  /**
   * Takes one download from those that the limit leaves, unless the client has one that it did not end. Durable when it resolves.
   * @param client by what it is known again, e.g. its static key
   * @returns what is to be sent
   * @throws JetStreamError `permission-denied` when the limit is reached or the link is over
   */
  async begin(token: string, client: string): Promise<UploadSource> {
    const record = this.get(token);
    const manifest = record && this.#options.manifests.get(record.manifestId);
    if (record === undefined || manifest === undefined) {
      throw new JetStreamError('permission-denied', 'the link is over');
    }
    const { downloadLimit, downloadCount, begun } = record;
    if (downloadLimit !== null) {
      const times = begun[client] ?? 0;
      const isFull = times === 0 && downloadCount + Object.keys(begun).length >= downloadLimit;
      if (isFull || times >= MAX_BEGINNINGS) {
        throw new JetStreamError('permission-denied', 'the link was used as often as it may be');
      }
      await this.store.put({ ...record, begun: { ...begun, [client]: times + 1 } });
    }
    return this.#options.manifests.sourceOf(manifest);
  }

  /** A download that was begun has come to its end. */
  async completed(token: string, client: string): Promise<void> {
    const record = this.store.get(token);
    if (record === undefined) return;
    const { [client]: _, ...begun } = record.begun;
    await this.store.put({ ...record, begun, downloadCount: record.downloadCount + 1 });
  }

  async #create(
    { manifestId, downloadLimit, ...given }: Parameters<'send.createSharedToken'>,
    caller: ApiCaller,
  ): Promise<SharedToken> {
    const { manifests, linkOf } = this.#options;
    if (!this.isEnabled) throw new JetStreamError('permission-denied', 'this server has shared links off');
    requirePermission(caller, 'share');
    const { status, owner } = manifests.find(manifestId, caller);
    if (owner !== caller.account) {
      throw new JetStreamError('permission-denied', 'only the owner of a manifest shares it');
    }
    if (status !== 'complete') {
      throw new JetStreamError('conflict', `the manifest is ${status}; only a complete one can be shared`, {
        subject: manifestId,
      });
    }
    const own = { manifestId, downloadLimit, downloadCount: 0, begun: {} };
    const { record, secret } = await this.store.create(given, caller, own);
    return { ...describe(record), secret, link: await linkOf(secret, caller) };
  }
}

function describe(record: Readonly<SharedTokenRecord>): SharedToken {
  const { manifestId, downloadCount, downloadLimit } = record;
  return {
    ...describeToken(record),
    permissions: PERMISSIONS,
    manifestId,
    downloadCount,
    downloadLimit,
    link: null,
  };
}
