import type { DatagramAddress } from '../contract.ts';
import type { SocketAddressCodec } from './socket-address.ts';

/** Spoofed sources may fill a generation; then the next begins, and who is not seen in it is forgotten. */
const GENERATION_PEERS = 2048;
const SLOTS = 4096;
const SOCKADDR_WORDS = 7;
const FLOW_WORD = 1;

/** A peer's address as text and as the kernel has it. */
export interface Peer {
  readonly address: DatagramAddress;
  readonly sockaddr: Uint32Array;
  /**
   * Our address that the peer wrote to, four words in the form of the socket's family; what goes to it leaves from there.
   * undefined for a peer that we spoke to first: the kernel picks what the route wants, also after we moved.
   */
  readonly localAddress: Uint32Array | undefined;
  /** Is `localAddress` known and usable. */
  hasLocalAddress: boolean;
}

type PeersByText = Map<string, Map<number, Peer>>;

/** Peers remembered, so that a datagram to or from a known one makes no garbage. */
export class PeerTable {
  private readonly codec: SocketAddressCodec;
  private readonly ipv6: boolean;
  private byText: PeersByText = new Map();
  private previousByText: PeersByText = new Map();
  private count = 0;
  /** By hash of the bytes, last come first served. */
  private readonly byBytes: (Peer | undefined)[] = new Array(SLOTS).fill(undefined);
  private lastFrom: Peer | undefined;
  private lastTo: Peer | undefined;
  private lastToAddress: DatagramAddress | undefined;

  constructor(codec: SocketAddressCodec, ipv6: boolean) {
    this.codec = codec;
    this.ipv6 = ipv6;
  }

  /** Whose sockaddr stands at this index of these words. */
  from(words: Uint32Array, at: number): Peer {
    const last = this.lastFrom;
    if (last !== undefined && this.isAt(last, words, at)) return last;
    const slot = this.hash(words, at);
    const known = this.byBytes[slot];
    const peer = known !== undefined && this.isAt(known, words, at) ? known : this.received(words, at);
    this.byBytes[slot] = peer;
    this.lastFrom = peer;
    return peer;
  }

  /** undefined: nothing can be sent there. */
  to(address: DatagramAddress): Peer | undefined {
    if (address === this.lastToAddress) return this.lastTo;
    const last = this.lastTo?.address;
    if (last === undefined || last.port !== address.port || last.address !== address.address) {
      this.lastTo = this.known(address) ?? this.spokenTo(address);
    }
    this.lastToAddress = address;
    return this.lastTo;
  }

  private received(words: Uint32Array, at: number): Peer {
    const sockaddr = new Uint32Array(SOCKADDR_WORDS);
    sockaddr.set(words.subarray(at, at + (this.ipv6 ? SOCKADDR_WORDS : 2)));
    if (this.ipv6) sockaddr[FLOW_WORD] = 0;
    const address = this.codec.decode(sockaddr);
    const known = this.byText.get(address.address)?.get(address.port);
    return (
      known ?? this.remember({ address, sockaddr, localAddress: new Uint32Array(4), hasLocalAddress: false })
    );
  }

  private spokenTo({ address, port }: DatagramAddress): Peer | undefined {
    const sockaddr = port === 0 ? undefined : this.codec.encode({ address, port });
    if (sockaddr === undefined) return undefined;
    return this.remember({
      address: { address, port },
      sockaddr,
      localAddress: undefined,
      hasLocalAddress: false,
    });
  }

  private known({ address, port }: DatagramAddress): Peer | undefined {
    const recent = this.byText.get(address)?.get(port);
    if (recent !== undefined) return recent;
    const previous = this.previousByText.get(address)?.get(port);
    return previous && this.remember(previous);
  }

  private remember(peer: Peer): Peer {
    if (++this.count > GENERATION_PEERS) {
      this.previousByText = this.byText;
      this.byText = new Map();
      this.count = 1;
    }
    const { address, port } = peer.address;
    const ports = this.byText.get(address) ?? new Map<number, Peer>();
    this.byText.set(address, ports.set(port, peer));
    return peer;
  }

  private isAt({ sockaddr }: Peer, words: Uint32Array, at: number): boolean {
    if (sockaddr[0] !== words[at]) return false;
    if (!this.ipv6) return sockaddr[1] === words[at + 1];
    for (let index = 2; index < SOCKADDR_WORDS; index++) {
      if (sockaddr[index] !== words[at + index]) return false;
    }
    return true;
  }

  private hash(words: Uint32Array, at: number): number {
    let hash = words[at]!;
    if (this.ipv6) {
      for (let index = 2; index < SOCKADDR_WORDS; index++) hash = mix(hash, words[at + index]!);
    } else hash = mix(hash, words[at + 1]!);
    return (hash ^ (hash >>> 16)) & (SLOTS - 1);
  }
}

function mix(hash: number, word: number): number {
  return Math.imul(hash ^ word ^ (hash >>> 15), 0x9e3779b1);
}
