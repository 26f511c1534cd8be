import type { DatagramAddress } from './contract.ts';

const MAPPED = '::ffff:';
/** Spoofed sources may fill the book; then it starts anew. */
const MAX_ENTRIES = 4096;

/**
 * Addresses as the socket writes them and as we do, remembered, so that a datagram of a known peer makes no garbage.
 * A dual-stack socket writes IPv4 as `::ffff:192.0.2.1`; we never do.
 */
export class AddressBook {
  private readonly dualStack: boolean;
  private readonly received = new Map<string, Map<number, DatagramAddress>>();
  private readonly sent = new Map<string, string>();
  private entries = 0;

  constructor(dualStack: boolean) {
    this.dualStack = dualStack;
  }

  /** Ours for what the socket reported. */
  fromSocket(address: string, port: number): DatagramAddress {
    const known = this.received.get(address)?.get(port);
    return known ?? this.rememberReceived(address, port);
  }

  /** What the socket takes for ours. */
  toSocket(address: string): string {
    if (!this.dualStack) return address;
    return this.sent.get(address) ?? this.rememberSent(address);
  }

  private rememberReceived(address: string, port: number): DatagramAddress {
    if (++this.entries > MAX_ENTRIES) {
      this.received.clear();
      this.entries = 1;
    }
    const ports = this.received.get(address) ?? new Map<number, DatagramAddress>();
    const entry = { address: unmapped(address), port };
    this.received.set(address, ports.set(port, entry));
    return entry;
  }

  private rememberSent(address: string): string {
    if (this.sent.size >= MAX_ENTRIES) this.sent.clear();
    const written = address.includes(':') ? address : MAPPED + address;
    this.sent.set(address, written);
    return written;
  }
}

function unmapped(address: string): string {
  return address.startsWith(MAPPED) && address.includes('.') ? address.slice(MAPPED.length) : address;
}
