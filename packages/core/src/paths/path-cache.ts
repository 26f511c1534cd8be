import { sourceNetwork } from '@jetstream/protocol';
import type { PathAddress, PathMemory, RememberedPath } from '@jetstream/transport';
import type { KnownPath } from '../contract.ts';
import { isUsablePath, rememberedPathOf } from './known-path.ts';

/** Of several connections that begin together each would send half of what the path carries: only the first is told. */
const TOLD_AGAIN_AFTER_MS = 3_000;
const MAX_NETWORKS = 4_096;

export interface PathCacheOptions {
  /** Hears of what connections have seen. */
  onSeen: (path: KnownPath) => void;
  /** Unix time. */
  nowMs: () => number;
  /** Networks remembered; above that the one that was used least recently is forgotten. Default 4,096. */
  maxNetworks?: number;
}

/** What a lane knows of the paths to its peers, by the network of the peer: the memory of its transport. */
export class PathCache implements PathMemory {
  readonly #options: Required<PathCacheOptions>;
  /** In the order of use, the least recent first. */
  readonly #paths = new Map<string, { path: KnownPath; toldAtMs: number }>();

  constructor(options: PathCacheOptions) {
    this.#options = { maxNetworks: MAX_NETWORKS, ...options };
  }

  get size(): number {
    return this.#paths.size;
  }

  /** Takes in what was learnt elsewhere, unless more recent things are known. */
  learn(path: KnownPath): void {
    const { network } = path;
    const nowMs = this.#options.nowMs();
    if (!isUsablePath(path, nowMs)) return;
    const known = this.#paths.get(network);
    if (known && isUsablePath(known.path, nowMs) && known.path.seenAtMs > path.seenAtMs) return;
    this.#touch(network, { path, toldAtMs: known?.toldAtMs ?? Number.NEGATIVE_INFINITY });
    if (this.#paths.size > this.#options.maxNetworks) this.#paths.delete(this.#paths.keys().next().value!);
  }

  recall({ address }: PathAddress): RememberedPath | undefined {
    const nowMs = this.#options.nowMs();
    const network = sourceNetwork(address);
    const known = this.#paths.get(network);
    if (known === undefined) return undefined;
    if (!isUsablePath(known.path, nowMs)) {
      this.#paths.delete(network);
      return undefined;
    }
    if (Math.abs(nowMs - known.toldAtMs) < TOLD_AGAIN_AFTER_MS) return undefined;
    this.#touch(network, { path: known.path, toldAtMs: nowMs });
    return rememberedPathOf(known.path);
  }

  remember({ address }: PathAddress, { minRttUs, rateBytesPerSecond }: RememberedPath): void {
    const { nowMs, onSeen } = this.#options;
    const path = { network: sourceNetwork(address), minRttUs, rateBytesPerSecond, seenAtMs: nowMs() };
    this.learn(path);
    onSeen(path);
  }

  #touch(network: string, entry: { path: KnownPath; toldAtMs: number }): void {
    this.#paths.delete(network);
    this.#paths.set(network, entry);
  }
}
