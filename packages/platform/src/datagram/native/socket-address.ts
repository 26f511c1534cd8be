import { isIPv4 } from 'node:net';
import type { NativeMemory } from '../../native-memory.ts';
import type { DatagramAddress } from '../contract.ts';
import { AF_INET, AF_INET6, SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES } from './linux-abi.ts';
import type { Syscalls } from './syscalls.ts';

/** Byte offsets: `sockaddr_in { u16 family, u16 port, u8 address[4] }`, `sockaddr_in6 { …, u32 flow, u8 address[16], u32 scope }`. */
const PORT_AT = 2;
const V4_ADDRESS_AT = 4;
const V6_ADDRESS_AT = 8;
const V6_SCOPE_AT = 24;
const SOCKADDR_WORDS = 7;
const TEXT_AT = 32;
const TEXT_BYTES = 64;
const MAPPED = '::ffff:';
/** Of what an address of IPv6 is written; whether it is one, the system says. */
const IPV6_TEXT = /^[\d:.a-f]+$/i;

/**
 * Addresses as text and as the bytes of `struct sockaddr_in` or `sockaddr_in6`. A dual-stack socket has IPv4 peers as
 * `::ffff:192.0.2.1`; we never write them so. For what is rare: it allocates.
 */
export class SocketAddressCodec {
  readonly byteLength: number;
  private readonly syscalls: Syscalls;
  private readonly family: number;
  private readonly memory: NativeMemory;
  private readonly addressAt: number;

  constructor(syscalls: Syscalls, ipv6: boolean) {
    this.syscalls = syscalls;
    this.family = ipv6 ? AF_INET6 : AF_INET;
    this.byteLength = ipv6 ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES;
    this.addressAt = ipv6 ? V6_ADDRESS_AT : V4_ADDRESS_AT;
    this.memory = syscalls.memory(TEXT_AT + TEXT_BYTES);
  }

  /** As 32-bit words, zeros up to SOCKADDR_WORDS. undefined: not an address that this kind of socket can send to. */
  encode({ address, port }: DatagramAddress): Uint32Array | undefined {
    const { memory, syscalls, family, addressAt } = this;
    if (!Number.isInteger(port) || port < 0 || port > 65_535) return undefined;
    const [text = '', zone] = address.split('%', 2);
    const ipv4 = isIPv4(text);
    if (!ipv4 && !IPV6_TEXT.test(text)) return undefined;
    const written = family === AF_INET6 && ipv4 ? MAPPED + text : text;
    memory.bytes.fill(0, 0, TEXT_AT);
    if (syscalls.inetPton(family, written, memory.address + addressAt) !== 1) return undefined;
    memory.bytes[0] = family;
    memory.bytes[PORT_AT] = port >> 8;
    memory.bytes[PORT_AT + 1] = port;
    if (family === AF_INET6 && zone !== undefined) {
      const scope = /^\d{1,9}$/.test(zone) ? Number(zone) : syscalls.interfaceIndex(zone);
      if (scope === 0) return undefined;
      memory.words[V6_SCOPE_AT >> 2] = scope;
    }
    return memory.words.slice(0, SOCKADDR_WORDS);
  }

  decode(sockaddr: Uint32Array): DatagramAddress {
    const { memory, addressAt, syscalls } = this;
    memory.words.set(sockaddr.subarray(0, SOCKADDR_WORDS));
    const port = memory.bytes[PORT_AT]! * 256 + memory.bytes[PORT_AT + 1]!;
    const { address } = memory;
    syscalls.inetNtop(this.family, address + addressAt, address + TEXT_AT, TEXT_BYTES);
    return { address: this.withZone(unmapped(this.text())), port };
  }

  /** Only link-local addresses mean different hosts on different interfaces. */
  private withZone(address: string): string {
    const scope = this.family === AF_INET6 ? this.memory.words[V6_SCOPE_AT >> 2]! : 0;
    if (scope === 0) return address;
    const named = this.syscalls.interfaceName(scope, this.memory.address + TEXT_AT) !== 0;
    return `${address}%${named ? this.text() : scope}`;
  }

  private text(): string {
    const { bytes } = this.memory;
    return Buffer.from(bytes.subarray(TEXT_AT, bytes.indexOf(0, TEXT_AT))).toString('latin1');
  }
}

function unmapped(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address;
}
